#include "spawner/loop/control_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace ts::loop {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;
constexpr std::chrono::seconds kPatience{10};
constexpr int kMostConnections = 32;

/// One request, one answer.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Protocol::socket socket, const ControlServer::Handler& handler, std::shared_ptr<int> open)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), handler_(handler), open_(std::move(open)) {
    ++*open_;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { --*open_; }

  void start() {
    timer_.expires_after(kPatience);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      boost::system::error_code ignored;
      if (!error) self->socket_.close(ignored);
    });
    asio::async_read_until(socket_, asio::dynamic_buffer(line_, control::kLongestLine), '\n',
                           [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                             if (error) return self->done();
                             self->reply(std::string_view{self->line_}.substr(0, size));
                           });
  }

 private:
  void reply(std::string_view line) {
    auto request = control::decode_request(line);
    out_ = control::encode(request ? handler_(*request) : control::Answer{std::nullopt, request.error().message});
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](boost::system::error_code, std::size_t) { self->done(); });
  }
  void done() {
    boost::system::error_code ignored;
    timer_.cancel(ignored);
    socket_.close(ignored);
  }

  Protocol::socket socket_;
  asio::steady_timer timer_;
  ControlServer::Handler handler_;
  std::shared_ptr<int> open_;
  std::string line_;
  std::string out_;
};

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<ControlServer::Impl> {
  Impl(asio::io_context& io, int listener, Handler h) : acceptor(io, Protocol{}, listener), handler(std::move(h)) {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](boost::system::error_code error, Protocol::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
      if (!error && *self->open < kMostConnections)
        std::make_shared<Connection>(std::move(socket), self->handler, self->open)->start();
      self->accept();
    });
  }

  Protocol::acceptor acceptor;
  Handler handler;
  std::shared_ptr<int> open = std::make_shared<int>(0);
};

ControlServer::ControlServer(asio::io_context& io, int listener, Handler handler)
    : impl_(std::make_shared<Impl>(io, listener, std::move(handler))) {
  impl_->accept();
}

ControlServer::~ControlServer() { stop(); }

void ControlServer::stop() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

}  // namespace ts::loop
