#pragma once

#include "accounting/base/units.hpp"

namespace ts {

__extension__ using Int128 = __int128;

/// An amount without rounding error. Units: pico-US dollar (10⁻¹²), so that a rate of $0.000001 per million tokens is
/// a whole number for one token. Sums stay exact; rounding happens once, at the end.
struct ExactUsd {
  Int128 pico = 0;

  /// Rounded half-even; amounts beyond the range of MicroUsd stop at its end.
  [[nodiscard]] MicroUsd rounded() const;

  friend ExactUsd operator+(ExactUsd a, ExactUsd b) { return {a.pico + b.pico}; }
  friend ExactUsd operator-(ExactUsd a, ExactUsd b) { return {a.pico - b.pico}; }
  friend bool operator==(const ExactUsd&, const ExactUsd&) = default;
};

}  // namespace ts
