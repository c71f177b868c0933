#include "accounting/base/result.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace ts {
namespace {

Errc code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EEXIST:
      return Errc::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return Errc::no_space;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
      return Errc::busy;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
      return Errc::invalid_argument;
    case EFBIG:
    case E2BIG:
      return Errc::too_large;
    case ENOSYS:
    case EOPNOTSUPP:
      return Errc::unsupported;
    case ETIMEDOUT:
      return Errc::timed_out;
    default:
      return Errc::io;
  }
}

}  // namespace

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error(error.message);
}

Error errno_error(std::string_view context, int errno_value) {
  return {code_of(errno_value), std::string(context) + ": " + std::generic_category().message(errno_value)};
}

Error with_context(std::string_view context, Error error) {
  error.message.insert(0, std::string(context) + ": ");
  return error;
}

}  // namespace ts
