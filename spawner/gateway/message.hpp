#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::gateway {

/// Header lines in their order and spelling.
struct Header {
  std::vector<std::pair<std::string, std::string>> lines;
  /// The value of the first of that name; empty: there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] std::string wire() const;
};

/// Parses one HTTP/1 message and hands its body over as views into what was put. Only for the .cpp files of this folder.
template <bool IsRequest>
class Message : public boost::beast::http::basic_parser<IsRequest> {
 public:
  Message() {
    this->eager(true);
    this->body_limit(boost::none);
  }
  Header header;
  std::string method;
  std::string target;
  int status = 0;
  std::string reason;
  int version = 11;
  std::vector<std::string_view> body;  ///< the pieces of the last put()

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  static std::string str(string_view text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb, string_view method_text, string_view target_text, int http_version, error_code& ec) override {
    method = str(method_text);
    target = str(target_text);
    version = http_version;
    ec = {};
  }
  void on_response_impl(int code, string_view text, int http_version, error_code& ec) override {
    status = code;
    reason = str(text);
    version = http_version;
    ec = {};
  }
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code& ec) override {
    header.lines.emplace_back(str(name), str(value));
    ec = {};
  }
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override { ec = {}; }
  std::size_t on_body_impl(string_view part, error_code& ec) override {
    body.emplace_back(part.data(), part.size());
    ec = {};
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code& ec) override {
    body.emplace_back(part.data(), part.size());
    ec = {};
    return part.size();
  }
  void on_finish_impl(error_code& ec) override { ec = {}; }
};

}  // namespace ts::gateway
