// Signing in with a card, as the scenarios of cards do it.
#ifndef PSM_TESTS_SCENARIOS_CARD_SIGN_IN_H_
#define PSM_TESTS_SCENARIOS_CARD_SIGN_IN_H_

#include <string>

#include "mesh/base/error.h"
#include "psm/identity/v1/sign_in.grpc.pb.h"
#include "services/identity/card/virtual_card.h"
#include "tests/support/mesh.h"

namespace psm::testing {

// Who signed in at the terminal, or the reason why nobody did.
inline std::string SignInWith(Mesh& mesh, const std::string& terminal,
                              card::VirtualCard& card) {
  const auto begun = mesh.Client(terminal).Call(
      &identity::v1::SignInService::Stub::BeginSignIn, {.affair = "sign-in"},
      identity::v1::BeginSignInRequest());
  identity::v1::CompleteSignInRequest request;
  request.set_challenge_id(begun->challenge_id());
  request.set_certificate(card.certificate_der());
  request.set_signature(card.Sign(begun->challenge()));
  const auto done = mesh.Client(terminal).Call(
      &identity::v1::SignInService::Stub::CompleteSignIn, {.affair = "sign-in"},
      request);
  return done.status.ok() ? done->subject() : ReasonOf(done.status);
}

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_CARD_SIGN_IN_H_
