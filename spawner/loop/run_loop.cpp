#include "spawner/loop/run_loop.hpp"

#include "spawner/loop/run_loop_impl.hpp"

namespace ts::loop {

RunLoop::RunLoop(LoopSetup setup, Metering& metering, RunObserver& observer, capture::EventLog& log)
    : impl_(std::make_unique<Impl>(std::move(setup), metering, observer, log)) {}

RunLoop::~RunLoop() = default;

Result<LoopResult> RunLoop::run(process::ChildLauncher& launcher) { return impl_->run(launcher); }

}  // namespace ts::loop
