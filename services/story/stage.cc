#include "services/story/stage.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "psm/identity/v1/sign_in.grpc.pb.h"
#include "services/identity/card/virtual_card.h"

namespace psm::story {
namespace {

// Every persona's card has the same PIN; services/identity/README.md says so.
constexpr char kDemoPin[] = "1234";

}  // namespace

std::string Stage::CodeOf(absl::string_view persona,
                          absl::string_view agency) const {
  absl::StatusOr<seed::v1::Persona> found = FindPersona(folder, persona);
  const Agency* of = policy->directory().FindAgency(agency);
  absl::StatusOr<std::string> code =
      found.ok() && of != nullptr
          ? CodeAt(folder, *of, *found)
          : absl::NotFoundError("no such persona or agency");
  if (!code.ok()) {
    std::fprintf(stderr, "psm-story: %s\n",
                 std::string(code.status().message()).c_str());
    std::exit(1);
  }
  return *code;
}

void Stage::Begin() {
  began = clock.Now();
  expected.clear();
  consented.clear();
  signed_in.clear();
}

SystemCaller& Stage::CallerOf(const std::string& system) {
  std::unique_ptr<SystemCaller>& caller = others[system];
  if (caller == nullptr) {
    caller = std::make_unique<SystemCaller>(folder.root(), system, clock);
  }
  return *caller;
}

std::string Stage::KanaOf(absl::string_view persona) const {
  absl::StatusOr<seed::v1::Persona> found = FindPersona(folder, persona);
  if (!found.ok()) {
    std::fprintf(stderr, "psm-story: %s\n",
                 std::string(found.status().message()).c_str());
    std::exit(1);
  }
  return found->kana();
}

std::string SignIn(Stage& stage, const std::string& persona) {
  using identity::v1::SignInService;
  absl::StatusOr<std::unique_ptr<card::VirtualCard>> card =
      card::VirtualCard::Open(stage.folder.Card(persona),
                              SecretBytes(kDemoPin));
  const bool again = stage.signed_in.count(persona) > 0;
  if (!card.ok() || !again) {
    stage.narrator.Succeeded(
        card.status(),
        absl::StrCat(persona, "'s card opens with its PIN of ",
                     std::string(kDemoPin).size(),
                     " digits; card and key stay on the holder's own machine"));
  }
  if (!card.ok()) return "";
  identity::v1::BeginSignInResponse challenge;
  CallReport begun =
      stage.terminal.Call(&SignInService::Stub::BeginSignIn, {"sign-in"},
                          identity::v1::BeginSignInRequest(), &challenge);
  identity::v1::CompleteSignInRequest answer;
  answer.set_challenge_id(challenge.challenge_id());
  answer.set_certificate((*card)->certificate_der());
  answer.set_signature((*card)->Sign(challenge.challenge()));
  identity::v1::CompleteSignInResponse who;
  CallReport completed =
      begun.status.ok()
          ? stage.terminal.Call(&SignInService::Stub::CompleteSignIn,
                                {"sign-in"}, answer, &who)
          : begun;
  stage.narrator.Succeeded(
      completed.status,
      again ? absl::StrCat(persona, " signs in with the card again")
            : absl::StrCat("identity saw a certificate of ",
                           answer.certificate().size(),
                           " bytes and a signature of ",
                           answer.signature().size(), ", and knows who it is"));
  if (completed.status.ok()) stage.signed_in.insert(persona);
  return who.subject();
}

}  // namespace psm::story
