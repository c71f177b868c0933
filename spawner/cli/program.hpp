#pragma once

namespace ts::cli {

/// Reads the command line, does what it says and gives the exit status of the process.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace ts::cli
