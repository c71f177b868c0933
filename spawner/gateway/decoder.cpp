#include "spawner/gateway/decoder.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "accounting/base/ascii.hpp"

namespace ts::gateway {
namespace {

class Zlib final : public Decoder {
 public:
  Zlib() { good_ = inflateInit2(&stream_, 47) == Z_OK; }  // 15 bits of window, gzip or zlib by its head
  ~Zlib() override { inflateEnd(&stream_); }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;
  bool push(std::string_view bytes, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (good_ && !ended_) {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      out.append(buffer_.data(), buffer_.size() - stream_.avail_out);
      ended_ = code == Z_STREAM_END;
      good_ = code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
      if (stream_.avail_out != 0) break;
    }
    return good_;
  }

 private:
  z_stream stream_{};
  std::array<char, 16384> buffer_;
  bool good_ = false;
  bool ended_ = false;
};

class Zstd final : public Decoder {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    // 8 MiB is what RFC 8878 asks of every decoder: more would be a way to take our memory.
    if (stream_ != nullptr) ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 23);
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  bool push(std::string_view bytes, std::string& out) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (stream_ != nullptr) {
      ZSTD_outBuffer to{buffer_.data(), buffer_.size(), 0};
      const std::size_t code = ZSTD_decompressStream(stream_, &to, &in);
      if (ZSTD_isError(code) != 0) return false;
      out.append(buffer_.data(), to.pos);
      if (to.pos < to.size && in.pos == in.size) return true;
    }
    return false;
  }

 private:
  ZSTD_DStream* stream_;
  std::array<char, 16384> buffer_;
};

}  // namespace

bool is_identity(std::string_view encoding) {
  const std::string name = ascii_lower(without_blanks_around(encoding));
  return name.empty() || name == "identity";
}

std::unique_ptr<Decoder> make_decoder(std::string_view encoding) {
  const std::string name = ascii_lower(without_blanks_around(encoding));
  if (name == "gzip" || name == "x-gzip" || name == "deflate") return std::make_unique<Zlib>();
  if (name == "zstd") return std::make_unique<Zstd>();
  return nullptr;
}

}  // namespace ts::gateway
