// What all desks of gbizid work with, and how they answer a WRITE once.
#ifndef PSM_SERVICES_GBIZID_DESK_PARTS_H_
#define PSM_SERVICES_GBIZID_DESK_PARTS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "services/gbizid/answer_once.h"
#include "services/gbizid/corporation_source.h"
#include "services/gbizid/password_hasher.h"
#include "services/gbizid/sessions.h"
#include "services/gbizid/token_key.h"

namespace psm::gbizid {

// All must outlive the desks.
struct DeskParts {
  agency::Database* database;
  const TokenKey* tokens;
  PasswordHasher* passwords;
  const Clock* clock;
  Random* random;
  CorporationSource* corporations;

  Sessions sessions() const { return Sessions(tokens); }
};

// As the functions of answer_once.h.
template <typename Response>
absl::StatusOr<Response> AnswerOnce(const DeskParts& parts,
                                    absl::string_view method,
                                    const agency::CallContext& call,
                                    AnswerBody<Response> body) {
  return AnswerOnce<Response>(*parts.database, *parts.clock, method, call,
                              body);
}
template <typename Response>
absl::StatusOr<Response> AnswerFrom(const DeskParts& parts,
                                    AnswerBody<Response> body) {
  return AnswerFrom<Response>(*parts.database, *parts.clock, body);
}

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DESK_PARTS_H_
