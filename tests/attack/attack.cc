#include "tests/attack/attack.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace psm::attack {

void Tally::Add(absl::string_view outcome, std::uint64_t count) {
  MutexLock lock(mu_);
  counts_[std::string(outcome)] += count;
}

std::map<std::string, std::uint64_t> Tally::counts() const {
  MutexLock lock(mu_);
  return counts_;
}

std::unique_ptr<Wire> Lane::Dial(const Manners& manners) {
  std::unique_ptr<Wire> wire =
      Wire::Dial(port_, identity_, clock_, until_, manners);
  if (wire == nullptr && !TimeIsUp()) tally_.Add("no handshake");
  return wire;
}

std::unique_ptr<Wire> Lane::DialBare() {
  std::unique_ptr<Wire> wire = Wire::DialBare(port_, clock_, until_);
  if (wire == nullptr && !TimeIsUp()) tally_.Add("no connection");
  return wire;
}

void Lane::Note(const Wire& wire) {
  for (const auto& [reason, count] : wire.answers()) tally_.Add(reason, count);
  for (const auto& [code, count] : wire.resets())
    tally_.Add(absl::StrCat("RST_STREAM ", nghttp2_http2_strerror(code)),
               count);
  if (wire.goaway().has_value()) {
    tally_.Add(absl::StrCat("GOAWAY ", nghttp2_http2_strerror(*wire.goaway())));
  } else {
    tally_.Add(wire.open() ? "left open" : "hung up");
  }
}

void Lane::Rest(absl::Duration pause) const {
  const absl::Duration left = until_ - clock_.Monotonic();
  poll(nullptr, 0,
       static_cast<int>(absl::ToInt64Milliseconds(
           std::clamp(left, absl::ZeroDuration(), pause))));
}

edge::RawFields RefusedRequest() {
  edge::RawFields fields =
      edge::RequestFields("/psm.tax.v1.TaxService/GetTaxStatus");
  fields.emplace_back("psm-affair", "benefit-tax-exempt");
  fields.emplace_back("psm-provider", "yunagi/tax");
  return fields;
}

std::string RequestToProvider(std::int32_t stream) {
  edge::RawFields fields =
      edge::RequestFields("/psm.gbizid.v1.BusinessService/GetBusiness");
  fields.emplace_back("psm-affair", kAskersAffair);
  // GetBusinessRequest.corporate_number, with a good check digit.
  return edge::MakeHeaders(stream, fields, false) +
         edge::MakeMessage(stream,
                           "\x0a\x0d"
                           "8000000000001",
                           true);
}

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.what; }

std::vector<Attack> AllAttacks() {
  std::multimap<int, Attack> all;  // keeps the order within a threat
  for (const std::vector<Attack>& part :
       {RequestAttacks(), FrameAttacks(), SlowAttacks(), ProviderAttacks()}) {
    for (const Attack& attack : part) all.emplace(attack.threat, attack);
  }
  std::vector<Attack> list;
  for (auto& [threat, attack] : all) list.push_back(std::move(attack));
  return list;
}

}  // namespace psm::attack
