// psm-authenticator: lets a virtual card sign the challenge that a sign-in page
// shows, and prints what the page wants to have. Sends nothing anywhere.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "services/identity/card/virtual_card.h"
#include "services/identity/provider_sign_in.h"
#include "services/openid/jws.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "psm-authenticator: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Signs a sign-in page's challenge with a synthetic, unofficial virtual "
      "card");
  std::string file, pin, challenge;
  app.add_option("--card", file, "The card's file: RUN/cards/PERSONA.json")
      ->required();
  app.add_option("--pin", pin, "PIN of the card; without it, it is asked for");
  app.add_option("challenge", challenge, "What the page shows")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  if (pin.empty()) {
    std::fprintf(stderr, "PIN: ");
    char line[64] = "";
    if (std::fgets(line, sizeof(line), stdin) != nullptr) pin = line;
    while (!pin.empty() && pin.back() == '\n') pin.pop_back();
  }
  const std::optional<std::string> bytes =
      psm::openid::FromBase64Url(challenge);
  if (!bytes.has_value() || bytes->size() != psm::identity::kChallengeSize) {
    std::fprintf(stderr, "psm-authenticator: that is not a challenge\n");
    return 64;
  }
  const absl::StatusOr<std::unique_ptr<psm::card::VirtualCard>> card =
      psm::card::VirtualCard::Open(file, psm::SecretBytes(pin));
  if (!card.ok()) return Fail(card.status());
  std::printf("%s\n", psm::identity::EncodeCardAnswer(
                          {(*card)->certificate_der(), (*card)->Sign(*bytes)})
                          .c_str());
  return 0;
}
