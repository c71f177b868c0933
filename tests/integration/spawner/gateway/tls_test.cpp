#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>


#include "tests/integration/spawner/gateway/fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::gateway {
namespace {

struct Freer {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* cert) const { X509_free(cert); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
template <class T>
using Own = std::unique_ptr<T, Freer>;

/// A certificate that vouches for itself.
struct Identity {
  Own<EVP_PKEY> key;
  Own<X509> cert;
};

Identity identity(const std::string& names, long seconds_valid = 3600) {
  Identity made{Own<EVP_PKEY>(EVP_EC_gen("P-256")), Own<X509>(X509_new())};
  X509* cert = made.cert.get();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), seconds_valid < 0 ? 2 * seconds_valid : -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), seconds_valid);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(cert, made.key.get(), EVP_sha256());
  return made;
}

std::string written(const std::string& path, X509* cert) {
  FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, cert);
  std::fclose(file);
  return path;
}

/// Speaks TLS on the connection and answers each request. `name`: gets the server name that the client asked for.
RawUpstream::Serve speaks_tls(const Identity& who, std::string answer, std::string* name = nullptr) {
  return [&who, answer = std::move(answer), name](Wire& wire) {
    const Own<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), who.cert.get());
    SSL_CTX_use_PrivateKey(context.get(), who.key.get());
    const Own<SSL> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), wire.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    if (const char* asked = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name); asked != nullptr && name != nullptr) *name = asked;
    std::string in;
    char buffer[4096];
    for (;;) {
      const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
      if (got <= 0) return;
      in.append(buffer, static_cast<std::size_t>(got));
      const auto end = in.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const Heard heard{in.substr(0, end + 4), "", false};
      if (in.size() < end + 4 + std::stoull(heard.header("content-length"))) continue;
      in.clear();
      if (SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size())) <= 0) return;
    }
  };
}

std::function<void(GatewaySetup&)> over_tls(const std::string& host, const std::string& ca_file) {
  return [=](GatewaySetup& setup) {
    setup.upstreams[0].base.tls = true;
    setup.upstreams[0].base.host = host;
    setup.ca_file = ca_file;
  };
}

TEST(GatewayTls, VerifiedByItsNameAndMetered) {
  const testing::TempDir folder;
  const Identity who = identity("DNS:localhost");
  std::string name;
  RawUpstream provider(speaks_tls(who, sse_answer(kAnthropicStream), &name));
  Box box(provider.port(), 100'000, over_tls("localhost", written(folder / "ca.pem", who.cert.get())));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(box.ask("/v1/messages", kAsk).body, kAnthropicStream);
  EXPECT_EQ(provider.connections, 1) << "a TLS connection is kept";
  EXPECT_EQ(name, "localhost");
  EXPECT_EQ(box.totals().counts.output, 150);
}

TEST(GatewayTls, BadPartnersGetNoRequestAndTheAgentHearsWhy) {
  const testing::TempDir folder;
  struct Case {
    std::string what, names, host;
    long valid = 3600;
    bool trusted = true;
  };
  for (const Case& c : {Case{"another name", "DNS:example.com", "localhost"}, Case{"not trusted", "DNS:localhost", "localhost", 3600, false},
                        Case{"expired", "DNS:localhost", "localhost", -3600}, Case{"another address", "IP:127.0.0.2", "127.0.0.1"}}) {
    const Identity who = identity(c.names, c.valid);
    RawUpstream provider(speaks_tls(who, sse_answer(kAnthropicStream)));
    const std::string ca = written(folder / "ca.pem", who.cert.get());
    Box box(provider.port(), 100'000, over_tls(c.host, c.trusted ? ca : ""));
    const Heard heard = box.ask("/v1/messages", kAsk);
    EXPECT_EQ(heard.status(), 502) << c.what;
    EXPECT_NE(heard.body.find("TLS with " + c.host + " failed"), std::string::npos) << c.what << heard.body;
    EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::upstream_failed);
    EXPECT_EQ(box.stats().reserved + box.stats().unconfirmed, 0);
  }
}

TEST(GatewayTls, WhatIsNoTls) {
  for (const std::string_view noise : {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x01\xff\xff\x02", ""}) {
    RawUpstream provider([&](Wire& wire) {
      (void)wire.more();
      wire.send(noise);
    });
    Box box(provider.port(), 100'000, over_tls("127.0.0.1", ""));
    EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 502);
    EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::upstream_failed);
    EXPECT_EQ(box.stats().reserved + box.stats().unconfirmed, 0);
  }
}

TEST(GatewayTls, ThroughAProxyByConnect) {
  const testing::TempDir folder;
  const Identity who = identity("DNS:provider.test");
  const auto inner = speaks_tls(who, sse_answer(kAnthropicStream));
  std::string asked;
  RawUpstream proxy([&](Wire& wire) {
    asked = wire.until("\r\n\r\n");
    wire.send("HTTP/1.1 200 Connection established\r\nvia: x\r\n\r\n");
    inner(wire);
  });
  Box box(1, 100'000, [&](GatewaySetup& setup) {
    over_tls("provider.test", written(folder / "ca.pem", who.cert.get()))(setup);
    setup.upstreams[0].base.port = 443;
    setup.upstreams[0].proxy = Proxy{"127.0.0.1", proxy.port(), "user:secret"};
  });
  EXPECT_EQ(box.ask("/v1/messages", kAsk).body, kAnthropicStream);
  EXPECT_TRUE(asked.starts_with("CONNECT provider.test:443 HTTP/1.1\r\nHost: provider.test:443\r\n")) << asked;
  EXPECT_NE(asked.find("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), std::string::npos);
  EXPECT_EQ(asked.find("sk-secret-key"), std::string::npos) << "the proxy must not see the agent's headers";
}

TEST(GatewayTls, AProxyThatRefuses) {
  RawUpstream proxy([](Wire& wire) {
    wire.until("\r\n\r\n");
    wire.send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  Box box(1, 100'000, [&](GatewaySetup& setup) {
    over_tls("provider.test", "")(setup);
    setup.upstreams[0].proxy = Proxy{"127.0.0.1", proxy.port(), ""};
  });
  const Heard heard = box.ask("/v1/messages", kAsk);
  EXPECT_EQ(heard.status(), 502);
  EXPECT_NE(heard.body.find("407"), std::string::npos);
}

}  // namespace
}  // namespace ts::gateway
