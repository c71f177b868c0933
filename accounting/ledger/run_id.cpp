#include <sys/random.h>

#include <cstdint>
#include <random>

#include "accounting/ledger/ledger.hpp"

namespace ts::ledger {
namespace {

/// Crockford's alphabet: no i, l, o, u, so an id survives being read out. Source:
/// https://www.crockford.com/base32.html
constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr int kIdLength = 10;

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) == static_cast<ssize_t>(sizeof bits)) return bits;
  std::random_device device;  // kernels without getrandom
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

RunId new_run_id() {
  RunId id{std::string(kIdLength, '0')};
  std::uint64_t bits = random_bits();
  for (char& letter : id.text) {
    letter = kAlphabet[bits & 31U];
    bits >>= 5U;
  }
  return id;
}

}  // namespace ts::ledger
