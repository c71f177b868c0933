#pragma once

namespace ts::gateway {

/// Whether a provider is asked how large a prompt is before it is sent (it costs nothing but time).
enum class CountMode {
  estimate,   ///< never
  automatic,  ///< where an estimate has nothing to go by, or would refuse
  exact,      ///< before each request that is held to a cap
};

}  // namespace ts::gateway
