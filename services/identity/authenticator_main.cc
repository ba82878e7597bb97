// psm-authenticator: lets a virtual card sign the challenge that a sign-in page
// shows. With --run it sends the answer to identity's provider of that mesh,
// and shows the number that the page then asks for; else it prints the answer,
// and sends nothing anywhere.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/virtual_card.h"
#include "services/identity/https_post.h"
#include "services/identity/provider_sign_in.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "psm-authenticator: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

// Sends the answer, and says what comes back.
int Send(const std::string& run, const std::string& challenge,
         const std::string& answer) {
  const std::string address = run + "/endpoints/identity/identity.https";
  const absl::StatusOr<std::string> origin = psm::ReadFile(address);
  const absl::StatusOr<std::string> certificate =
      psm::ReadFile(address + ".pem");
  if (!origin.ok() || !certificate.ok()) {
    std::fprintf(stderr, "psm-authenticator: no mesh runs in %s\n",
                 run.c_str());
    return 64;
  }
  const absl::StatusOr<psm::identity::PostReply> reply =
      psm::identity::PostForm(
          *origin, *certificate, psm::identity::kCardPath,
          absl::StrCat("challenge=", psm::openid::PercentEncode(challenge),
                       "&signed=", psm::openid::PercentEncode(answer)));
  if (!reply.ok()) return Fail(reply.status());
  const nlohmann::json body =
      nlohmann::json::parse(reply->body, nullptr, /*allow_exceptions=*/false);
  if (reply->status != 200 || !body.is_object()) {
    return Fail(absl::FailedPreconditionError(
        body.is_object() ? body.value("error", "refused") : "refused"));
  }
  // The page asks for the digits; whoever else asks is not the page.
  std::printf("確認番号 / number: %s\n", body.value("number", "").c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Signs a sign-in page's challenge with a synthetic, unofficial virtual "
      "card");
  std::string file, pin, challenge, run;
  app.add_option("--card", file, "The card's file: RUN/cards/PERSONA.json")
      ->required();
  app.add_option("--pin", pin, "PIN of the card; without it, it is asked for");
  app.add_option("--run", run,
                 "The mesh's run folder: sends the answer to its identity "
                 "agency, and shows the number for the page");
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
  const std::string answer = psm::identity::EncodeCardAnswer(
      {(*card)->certificate_der(), (*card)->Sign(*bytes)});
  if (!run.empty()) return Send(run, challenge, answer);
  std::printf("%s\n", answer.c_str());
  return 0;
}
