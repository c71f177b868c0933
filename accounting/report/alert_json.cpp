#include "accounting/report/alert_json.hpp"

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"

namespace ts::report {
namespace {

Json json_of(const ledger::Alert& a) {
  const bool has_period = a.period.end.has_value() || a.period.start != UtcTime{};
  return {{"alert", a.n},
          {"event", std::string{name_of(a.event)}},
          {"budget", text_or_null(a.budget)},
          {"measure", std::string{name_of(a.measure)}},
          {"period", has_period ? Json{{"start", rfc3339(a.period.start)}, {"end", a.period.end ? Json(rfc3339(*a.period.end)) : Json(nullptr)}} : Json(nullptr)},
          {"percent", a.percent == 0 ? Json(nullptr) : Json(a.percent)},
          {"level", text_or_null(a.level)},
          {"others", a.others},
          {"used", a.used},
          {"limit", a.limit == 0 ? Json(nullptr) : Json(a.limit)},
          {"at", rfc3339(a.at)},
          {"run", text_or_null(a.run)},
          {"text", a.text}};
}

}  // namespace

std::string alert_line(const ledger::Alert& alert) { return json_of(alert).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string alerts_json(const std::vector<ledger::Alert>& alerts, const std::vector<ledger::DeliveryRecord>& deliveries) {
  Json array = Json::array();
  for (const ledger::Alert& alert : alerts) {
    Json j = json_of(alert);
    j["deliveries"] = Json::array();
    for (const ledger::DeliveryRecord& d : deliveries)
      if (d.alert == alert.n)
        j["deliveries"].push_back({{"sink", d.sink},
                                   {"state", d.state},
                                   {"attempts", d.attempts},
                                   {"next_try", d.state == "pending" ? Json(rfc3339(d.next_try)) : Json(nullptr)},
                                   {"detail", d.detail}});
    array.push_back(std::move(j));
  }
  return dump(array);
}

}  // namespace ts::report
