#include "accounting/budget/cap.hpp"

#include <fmt/format.h>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "accounting/budget/decimal.hpp"
#include "accounting/budget/limit_text.hpp"

namespace ts {
namespace {

constexpr std::string_view kForms = "write 120000, 120k, 120,000, 1.5M, 4x, $5 or none";
constexpr std::string_view kHowToGive =
    "give --cap N (120000, 120k, 4x, $5), write an estimate or a cap into the task file, or say --cap none";

/// How messages speak of what they are about.
struct Wording {
  std::string_view subject;
  std::string_view zero;
  std::string_view forms;
};
constexpr Wording kCapWords{"cap: ", "a cap of zero would stop the run at once", kForms};
constexpr Wording kLimitWords{"limit ", "it must be above 0", "write a count such as 1.5M, an amount such as $50, or '300 requests'"};
constexpr Wording kCountWords{"", "it must be above zero", "write 120000, 120k, 120,000 or 1.5M"};

Error bad(Errc code, std::string_view text, std::string_view reason, const Wording& words) {
  return {code, fmt::format("{}'{}': {}; {}", words.subject, printable(text, 60), reason, words.forms)};
}

Error bad(Errc code, std::string_view text, std::string_view reason, std::string_view forms = kForms) {
  return bad(code, text, reason, Wording{kCapWords.subject, kCapWords.zero, forms});
}

/// Takes `suffix` off the end of `text`, whatever its case.
bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || !equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix))
    return false;
  text.remove_suffix(suffix.size());
  text = without_blanks_around(text);
  return true;
}

/// A positive decimal in units of 10^-scale, with the errors that all forms share.
Result<std::int64_t> positive(std::string_view number, int scale, std::string_view whole, const Wording& words = kCapWords) {
  if (number.starts_with('-') || number.starts_with("−")) return bad(Errc::invalid_argument, whole, "it is negative", words);
  const auto value = parse_decimal(number, scale);
  if (value.has_error()) return bad(value.error().code, whole, value.error().message, words);
  if (*value == 0) return bad(Errc::invalid_argument, whole, words.zero, words);
  return *value;
}

/// Digits of a power of ten by which the unit multiplies: k, M, G.
int take_unit(std::string_view& text) {
  if (take_suffix(text, "k")) return 3;
  if (take_suffix(text, "m")) return 6;
  if (take_suffix(text, "g")) return 9;
  return 0;
}

Result<Tokens> tokens_of(std::string_view text, const Wording& words) {
  if (text.empty()) return bad(Errc::invalid_argument, text, "it is empty", words);
  std::string_view number = text;
  const int unit = take_unit(number);
  TS_TRY(const std::int64_t value, positive(number, unit, text, words));
  if (value > kMaxTokens) return bad(Errc::too_large, text, "it is above 2^53 tokens", words);
  return value;
}

Result<CapSpec> dollars_of(std::string_view text, const Wording& words = kCapWords) {
  TS_TRY(const std::int64_t value, positive(without_blanks_around(text.substr(1)), 6, text, words));
  return CapSpec(DollarCap{value});
}

Result<CapSpec> factor_of(std::string_view number, std::string_view whole) {
  TS_TRY(const std::int64_t value, positive(number, 3, whole));
  return CapSpec(FactorCap{value});
}

std::string factor_text(FactorCap factor) {
  std::string text = fmt::format("{}.{:03}", factor.thousandths / 1000, factor.thousandths % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// "10K" where that is exact, else "12,345".
std::string exact_short(Tokens value) {
  return value >= 1000 && value < 1'000'000 && value % 1000 == 0 ? compact(value) : with_commas(value);
}

Result<ResolvedCap> times_estimate(FactorCap factor, const CapSources& sources) {
  if (sources.formula == Formula::usd)
    return bad(Errc::invalid_argument, factor_text(factor) + "x", "an estimate in tokens gives no cap in dollars",
               "write --cap $5");
  const UpperEstimate& estimate = *sources.estimate;
  std::int64_t limit = 0;
  if (__builtin_mul_overflow(estimate.high, factor.thousandths, &limit) || limit / 1000 > kMaxTokens)
    return Error{Errc::too_large, fmt::format("cap: {} × {} ({}): above 2^53 tokens; give --cap", factor_text(factor),
                                              with_commas(estimate.high), estimate.where)};
  ResolvedCap cap;
  cap.limit = std::max<std::int64_t>(limit / 1000, 1);
  cap.formula = sources.formula.value_or(Formula::fresh);
  cap.source = fmt::format("{} × {} ({})", factor_text(factor), exact_short(estimate.high), estimate.where);
  return cap;
}

bool has_estimate(const CapSources& sources) { return sources.estimate && sources.estimate->high > 0; }

Error no_cap(const CapSources& sources, std::string_view asked) {
  const std::string why = sources.estimate ? fmt::format("the estimate ({}) is {}", sources.estimate->where, sources.estimate->high)
                                           : std::string("there is no estimate");
  return {Errc::refused, fmt::format("cap: {}: {}; {}", asked, why, kHowToGive)};
}

/// One stated cap → the cap, by its kind.
struct Resolve {
  const CapSources& sources;
  const StatedCap& stated;

  Result<ResolvedCap> operator()(NoCap) const {
    return ResolvedCap{std::nullopt, sources.formula.value_or(Formula::fresh), "none", {}};
  }
  Result<ResolvedCap> operator()(TokenCap cap) const {
    if (sources.formula == Formula::usd)
      return bad(Errc::invalid_argument, stated.text, "the formula usd needs a cap in dollars", "write $5");
    return ResolvedCap{cap.tokens, sources.formula.value_or(Formula::fresh), stated.where, {}};
  }
  Result<ResolvedCap> operator()(FactorCap cap) const {
    if (!has_estimate(sources)) return no_cap(sources, fmt::format("'{}' ({})", stated.text, stated.where));
    return times_estimate(cap, sources);
  }
  Result<ResolvedCap> operator()(DollarCap cap) const {
    if (sources.formula && sources.formula != Formula::usd)
      return bad(Errc::invalid_argument, stated.text,
                 fmt::format("dollars don't fit the formula {}", name_of(*sources.formula)),
                 "leave --cap-formula away or give tokens");
    return ResolvedCap{cap.limit, Formula::usd, stated.where, {}};
  }
};

Result<ResolvedCap> from_stated(const CapSources& sources, const StatedCap& stated) {
  auto spec = parse_cap(stated.text);
  if (spec.has_error()) return with_context(stated.where, std::move(spec).error());
  return std::visit(Resolve{sources, stated}, *spec);
}

}  // namespace

Result<CapSpec> parse_cap(std::string_view text) {
  std::string_view body = without_blanks_around(text);
  if (body.empty()) return bad(Errc::invalid_argument, text, "it is empty");
  if (equal_ignoring_case(body, "none")) return CapSpec(NoCap{});
  if (body.front() == '$') return dollars_of(body);
  if (body.starts_with("-$")) return bad(Errc::invalid_argument, text, "it is negative");
  std::string_view number = body;
  if (take_suffix(number, "x") || take_suffix(number, "×")) return factor_of(number, body);
  TS_TRY(const Tokens tokens, tokens_of(body, kCapWords));
  return CapSpec(TokenCap{tokens});
}

Result<CapSpec> parse_limit(std::string_view text) {
  text = without_blanks_around(text);
  if (text.starts_with("-$")) return bad(Errc::invalid_argument, text, "it is negative", kLimitWords);
  if (text.starts_with('$')) return dollars_of(text, kLimitWords);
  TS_TRY(const Tokens tokens, tokens_of(text, kLimitWords));
  return CapSpec(TokenCap{tokens});
}

Result<Tokens> parse_token_count(std::string_view text) { return tokens_of(without_blanks_around(text), kCountWords); }

Result<ResolvedCap> resolve_cap(const CapSources& sources) {
  if (sources.said) return from_stated(sources, *sources.said);
  if (sources.written) return from_stated(sources, *sources.written);
  if (sources.configured) return from_stated(sources, *sources.configured);
  if (!has_estimate(sources)) return no_cap(sources, "none given");
  return times_estimate(sources.factor, sources);
}

std::string describe_limit(const ResolvedCap& cap) {
  if (!cap.limit) return "no cap";
  if (cap.formula == Formula::usd) return dollars(*cap.limit);
  return fmt::format("{} {} tokens", with_commas(*cap.limit), name_of(cap.formula));
}

}  // namespace ts
