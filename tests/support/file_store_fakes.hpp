#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "taskfile/store.hpp"

namespace ts::testing {

/// A file system in memory. It counts locks, and refuses what the real one refuses.
class FakeFileStore : public taskfile::FileStore {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> links;  ///< path → target
  std::map<std::string, std::string> moved;  ///< task id → where it is now
  std::function<void()> before_replace;      ///< what somebody else does at the worst moment
  int locks = 0;
  int locked = 0;
  int temps = 0;

  Result<std::filesystem::path> resolve(const std::filesystem::path& path) override {
    const auto link = links.find(path.string());
    const std::string target = link == links.end() ? path.string() : link->second;
    if (!files.contains(target)) return Error{Errc::not_found, "no such file"};
    return std::filesystem::path(target);
  }

  Result<std::unique_ptr<taskfile::FileLock>> lock(const std::filesystem::path&) override {
    struct Lock : taskfile::FileLock {
      explicit Lock(int& held) : held_(held) { ++held_; }
      ~Lock() override { --held_; }
      int& held_;
    };
    ++locks;
    return std::make_unique<Lock>(locked);
  }

  Result<taskfile::FileImage> read(const std::filesystem::path& path, std::size_t limit) override {
    const auto file = files.find(path.string());
    if (file == files.end()) return Error{Errc::not_found, "no such file"};
    if (file->second.size() > limit) return Error{Errc::too_large, "too large"};
    return taskfile::FileImage{file->second, stamp(path)};
  }

  Result<std::unique_ptr<taskfile::TempFile>> create_like(const std::filesystem::path& like) override {
    if (!files.contains(like.string())) return Error{Errc::not_found, "no such file"};
    return std::make_unique<Temp>(temps);
  }

  Result<std::filesystem::path> find_again(const std::filesystem::path&, const std::string& task_id) override {
    const auto found = moved.find(task_id);
    if (found == moved.end()) return Error{Errc::not_found, "no such task"};
    return std::filesystem::path(found->second);
  }

  Result<taskfile::Replaced> replace(taskfile::TempFile& temp, const std::filesystem::path& path, const taskfile::FileStamp& old) override {
    if (before_replace) std::exchange(before_replace, nullptr)();
    if (!files.contains(path.string())) return Error{Errc::not_found, "no such file"};
    if (stamp(path) != old) return taskfile::Replaced::changed_meanwhile;
    files[path.string()] = static_cast<Temp&>(temp).bytes;
    return taskfile::Replaced::yes;
  }

 private:
  struct Temp : taskfile::TempFile {
    explicit Temp(int& alive) : alive_(alive) { ++alive_; }
    ~Temp() override { --alive_; }
    Result<void> append(std::string_view more) override {
      bytes += more;
      return {};
    }
    Result<void> sync() override { return {}; }
    std::string bytes;
    int& alive_;
  };

  [[nodiscard]] taskfile::FileStamp stamp(const std::filesystem::path& path) {
    const std::string& bytes = files[path.string()];
    return {1, std::hash<std::string>()(bytes), static_cast<std::int64_t>(bytes.size()), 0};
  }
};

/// Another store that misbehaves at one point: before call number `call` (counted from 0), or after `bytes` bytes of an append.
/// What misbehaving means is the caller's: `deed` returns the error to report, or does not return.
class FailingFileStore : public taskfile::FileStore {
 public:
  struct Point {
    int call = -1;
    std::ptrdiff_t bytes = -1;
  };

  FailingFileStore(taskfile::FileStore& real, Point point, std::function<Error()> deed) : real_(real), point_(point), deed_(std::move(deed)) {}

  [[nodiscard]] int calls() const { return calls_; }

  Result<std::filesystem::path> resolve(const std::filesystem::path& path) override {
    TS_CHECK(step());
    return real_.resolve(path);
  }
  Result<std::unique_ptr<taskfile::FileLock>> lock(const std::filesystem::path& folder) override {
    TS_CHECK(step());
    return real_.lock(folder);
  }
  Result<taskfile::FileImage> read(const std::filesystem::path& path, std::size_t limit) override {
    TS_CHECK(step());
    return real_.read(path, limit);
  }
  Result<std::unique_ptr<taskfile::TempFile>> create_like(const std::filesystem::path& like) override {
    TS_CHECK(step());
    TS_TRY(auto temp, real_.create_like(like));
    return std::make_unique<Temp>(*this, std::move(temp));
  }
  Result<std::filesystem::path> find_again(const std::filesystem::path& lost, const std::string& task_id) override {
    TS_CHECK(step());
    return real_.find_again(lost, task_id);
  }
  Result<taskfile::Replaced> replace(taskfile::TempFile& temp, const std::filesystem::path& path, const taskfile::FileStamp& stamp) override {
    TS_CHECK(step());
    TS_TRY(const taskfile::Replaced replaced, real_.replace(*static_cast<Temp&>(temp).real, path, stamp));
    TS_CHECK(step());  // a crash right after the replacement
    return replaced;
  }

 private:
  struct Temp : taskfile::TempFile {
    Temp(FailingFileStore& owner, std::unique_ptr<taskfile::TempFile> inner) : store(owner), real(std::move(inner)) {}
    Result<void> append(std::string_view bytes) override {
      TS_CHECK(store.step());
      const auto cut = static_cast<std::size_t>(store.point_.bytes);
      if (store.point_.bytes >= 0 && cut <= bytes.size()) {
        TS_CHECK(real->append(bytes.substr(0, cut)));
        return store.deed_();
      }
      return real->append(bytes);
    }
    Result<void> sync() override {
      TS_CHECK(store.step());
      return real->sync();
    }
    FailingFileStore& store;
    std::unique_ptr<taskfile::TempFile> real;
  };

  Result<void> step() {
    if (calls_++ == point_.call) return deed_();
    return {};
  }

  taskfile::FileStore& real_;
  Point point_;
  std::function<Error()> deed_;
  int calls_ = 0;
};

}  // namespace ts::testing
