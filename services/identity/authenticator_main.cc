// psm-authenticator: lets a virtual card sign the challenge that a sign-in page
// shows. With --run it sends the answer to identity's provider of that mesh,
// and shows the number that the page then asks for; else it prints the answer,
// and sends nothing anywhere. With --sign it signs a document instead, with the
// card's other key. Which of the two is the person's to say: nothing that a
// page shows makes one the other.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "nlohmann/json.hpp"
#include "services/identity/card/document_signature.h"
#include "services/identity/card/virtual_card.h"
#include "services/identity/https_call.h"
#include "services/identity/provider_sign_in.h"
#include "services/identity/sign_requests.h"
#include "services/identity/signing_pages.h"
#include "services/openid/jws.h"
#include "services/openid/parameters.h"

namespace {

using nlohmann::json;
using psm::card::VirtualCard;

constexpr int kUsage = 64;

struct Options {
  std::string card, pin, run, request, challenge;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "psm-authenticator: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

// Identity's provider of a mesh on this machine.
class Provider {
 public:
  // Whether a mesh runs in the folder; says so where none does.
  bool Find(const std::string& run) {
    const std::string address = run + "/endpoints/identity/identity.https";
    const absl::StatusOr<std::string> origin = psm::ReadFile(address);
    const absl::StatusOr<std::string> pem = psm::ReadFile(address + ".pem");
    if (!origin.ok() || !pem.ok()) {
      std::fprintf(stderr, "psm-authenticator: no mesh runs in %s\n",
                   run.c_str());
      return false;
    }
    origin_ = *origin;
    certificate_ = *pem;
    return true;
  }
  absl::StatusOr<json> Get(const std::string& path) const {
    return Read(psm::identity::Get(origin_, certificate_, path));
  }
  absl::StatusOr<json> Post(const std::string& path,
                            const std::string& form) const {
    return Read(psm::identity::PostForm(origin_, certificate_, path, form));
  }

 private:
  // What it said; or why it refused, as it said that.
  static absl::StatusOr<json> Read(
      const absl::StatusOr<psm::identity::HttpsReply>& reply) {
    if (!reply.ok()) return reply.status();
    json body = json::parse(reply->body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return absl::FailedPreconditionError("refused");
    if (reply->status != 200)
      return absl::FailedPreconditionError(body.value("error", "refused"));
    return body;
  }

  std::string origin_;
  std::string certificate_;
};

// The PIN as it was given, or as somebody types it now.
std::string PinOr(std::string pin, const char* prompt) {
  if (!pin.empty()) return pin;
  std::fprintf(stderr, "%s: ", prompt);
  char line[64] = "";
  if (std::fgets(line, sizeof(line), stdin) != nullptr) pin = line;
  while (!pin.empty() && pin.back() == '\n') pin.pop_back();
  return pin;
}

// Signs a sign-in page's challenge: with the authentication key alone.
int SignIn(const Options& options) {
  const std::string pin = PinOr(options.pin, "PIN");
  const std::optional<std::string> bytes =
      psm::openid::FromBase64Url(options.challenge);
  if (!bytes.has_value() || bytes->size() != psm::identity::kChallengeSize) {
    std::fprintf(stderr, "psm-authenticator: that is not a challenge\n");
    return kUsage;
  }
  const auto card =
      VirtualCard::Open(options.card, psm::SecretBytes(pin),
                        psm::card::CertificateKind::kAuthentication);
  if (!card.ok()) return Fail(card.status());
  const std::string answer = psm::identity::EncodeCardAnswer(
      {(*card)->certificate_der(), (*card)->Sign(*bytes)});
  if (options.run.empty()) {
    std::printf("%s\n", answer.c_str());
    return 0;
  }
  Provider provider;
  if (!provider.Find(options.run)) return kUsage;
  const absl::StatusOr<json> taken = provider.Post(
      psm::identity::kCardPath,
      absl::StrCat("challenge=", psm::openid::PercentEncode(options.challenge),
                   "&signed=", psm::openid::PercentEncode(answer)));
  if (!taken.ok()) return Fail(taken.status());
  // The page asks for the digits; whoever else asks is not the page.
  std::printf("確認番号 / number: %s\n", taken->value("number", "").c_str());
  return 0;
}

// The request that the provider says has the id which the person brought from
// its page. DATA_LOSS where what it says is not under that id: somebody has put
// another client, document or title there.
absl::StatusOr<psm::identity::SignRequest> ReadRequest(const std::string& id,
                                                       const json& said) {
  psm::identity::SignRequest asked;
  asked.id = id;
  asked.client_id = said.value("client", "");
  asked.title = said.value("title", "");
  asked.digest =
      psm::openid::FromBase64Url(said.value("digest", "")).value_or("");
  asked.blind =
      psm::openid::FromBase64Url(said.value("blind", "")).value_or("");
  if (psm::identity::IdOf(asked) != id) {
    return absl::DataLossError(
        "what is to be signed is not what the page has asked for; nothing was "
        "signed");
  }
  return asked;
}

// What the person decides by: the same as the page shows.
void Show(const psm::identity::SignRequest& asked, const json& service) {
  std::fprintf(
      stderr,
      "依頼者 / asked by: %s (%s), %s\n文書 / document: %s\nSHA-256: "
      "%s\n署名には氏名・住所・生年月日・性別と依頼者が付きます。 / The "
      "signature carries name, address, date of birth and sex, and who "
      "asked.\n",
      service.value("ja", "").c_str(), service.value("en", "").c_str(),
      asked.client_id.c_str(), asked.title.c_str(),
      absl::BytesToHexString(asked.digest).c_str());
}

// Signs the document of a request: with the signature key alone, for this
// request alone, and only what its page has asked for, after the person has
// seen that.
int SignDocument(const Options& options) {
  Provider provider;
  if (options.run.empty() || !provider.Find(options.run)) {
    if (options.run.empty())
      std::fprintf(stderr,
                   "psm-authenticator: --sign needs --run, to fetch what is "
                   "to be signed\n");
    return kUsage;
  }
  const std::string path = absl::StrCat(
      psm::identity::kSigningPath, psm::openid::PercentEncode(options.request));
  const absl::StatusOr<json> said = provider.Get(path + "/request");
  if (!said.ok()) return Fail(said.status());
  const absl::StatusOr<psm::identity::SignRequest> asked =
      ReadRequest(options.request, *said);
  if (!asked.ok()) return Fail(asked.status());
  Show(*asked, said->value("service", json::object()));
  const std::string pin =
      PinOr(options.pin, "署名用パスワード / password for signatures");
  const auto card = VirtualCard::Open(options.card, psm::SecretBytes(pin),
                                      psm::card::CertificateKind::kSignature);
  if (!card.ok()) return Fail(card.status());
  const absl::StatusOr<std::string> signature = psm::card::SignRequested(
      **card, asked->digest, {asked->client_id, asked->id},
      psm::SystemClock().Now());
  if (!signature.ok()) return Fail(signature.status());
  const absl::StatusOr<json> taken = provider.Post(
      path + "/signature",
      absl::StrCat("signature=", psm::openid::Base64Url(*signature)));
  if (!taken.ok()) return Fail(taken.status());
  std::printf("署名しました / signed\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Lets a synthetic, unofficial virtual card answer a sign-in page, or "
      "sign "
      "a document that a service asks for");
  Options options;
  app.add_option("--card", options.card,
                 "The card's file: RUN/cards/PERSONA.json")
      ->required();
  app.add_option("--pin", options.pin,
                 "PIN, or with --sign the password for signatures; without it, "
                 "it is asked for");
  app.add_option("--run", options.run,
                 "The mesh's run folder: sends the answer to its identity "
                 "agency, and shows the number for the page");
  CLI::Option* const sign = app.add_option(
      "--sign", options.request,
      "Signs the document of this request, as its page shows it");
  app.add_option("challenge", options.challenge, "What a sign-in page shows")
      ->excludes(sign);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (!options.request.empty()) return SignDocument(options);
  if (options.challenge.empty()) {
    std::fprintf(stderr,
                 "psm-authenticator: give it what the page shows; --help\n");
    return kUsage;
  }
  return SignIn(options);
}
