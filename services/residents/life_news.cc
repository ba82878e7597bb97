#include "services/residents/life_news.h"

namespace psm {
namespace {

constexpr char kService[] = "psm.residents.v1.ResidentsService";

}  // namespace

absl::Status OutboxNews::Holds(soci::session& sql, const std::string& subject) {
  return outbox_.Declare(sql, kService, subject);
}

absl::Status OutboxNews::HoldsNoMore(soci::session& sql,
                                     const std::string& subject) {
  return outbox_.End(sql, kService, subject);
}

absl::Status OutboxNews::Happened(soci::session& sql, const char* event,
                                  const std::string& subject,
                                  absl::CivilDay day) {
  return outbox_.Publish(sql, event, subject, absl::FormatCivilTime(day));
}

}  // namespace psm
