#include "spawner/cli/program.hpp"

int main(int argc, char** argv) { return ts::cli::run_program(argc, argv); }
