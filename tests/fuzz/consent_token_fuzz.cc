// Tokens of identity's as anybody may send them: taken apart and read without a
// crash, and what is accepted has one spelling. Consents and representations.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/policy/consent_token.h"
#include "mesh/policy/representation.h"
#include "tests/fuzz/require.h"

namespace {

using psm::Require;

// A token that is taken apart is the encoding of its parts, so no other text
// carries the same signature.
void TakeApart(const psm::TokenForm& form, absl::string_view token) {
  const auto parts = psm::SplitToken(form, token);
  if (!parts.ok()) return;
  Require(token == absl::StrCat(parts->signed_part, ".",
                                absl::WebSafeBase64Escape(parts->signature)),
          "a token is its signed part and its signature");
  Require(absl::EndsWith(
              parts->signed_part,
              absl::StrCat(".", absl::WebSafeBase64Escape(parts->payload))),
          "a signed part ends with its payload");
  Require(parts->signature.size() == 64, "a signature has 64 bytes");
  Require(!parts->kid.empty(), "a token names its key");
}

// Claims that are read are well-formed, and are read the same once more.
void Read(absl::string_view payload) {
  const auto consent = psm::ReadConsentClaims(payload);
  if (!consent.ok()) return;
  Require(psm::CheckConsent(*consent).ok(), "a consent is well-formed");
  const std::string again = psm::EncodeConsentPayload(*consent);
  const auto reread = psm::ReadConsentClaims(again);
  Require(reread.ok(), "what was read can be written");
  Require(psm::EncodeConsentPayload(*reread) == again,
          "what was written is what was read");
}

// The same of a representation.
void ReadRepresentation(absl::string_view payload) {
  const auto representation = psm::ReadRepresentationClaims(payload);
  if (!representation.ok()) return;
  Require(psm::CheckRepresentation(*representation).ok(),
          "a representation is well-formed");
  const std::string again = psm::EncodeRepresentationPayload(*representation);
  const auto reread = psm::ReadRepresentationClaims(again);
  Require(reread.ok(), "what was read can be written");
  Require(psm::EncodeRepresentationPayload(*reread) == again,
          "what was written is what was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const absl::string_view input = psm::AsText(data, size);
  Read(input);
  ReadRepresentation(input);
  for (const psm::TokenForm& form :
       {psm::kConsentForm, psm::kRepresentationForm}) {
    TakeApart(form, input);
    // And as the payload of a token that is otherwise well, with any payload.
    TakeApart(form,
              absl::StrCat(absl::WebSafeBase64Escape(
                               absl::StrCat(R"({"alg":"ES256","typ":")",
                                            form.type, R"(","kid":"k"})")),
                           ".", absl::WebSafeBase64Escape(input), ".",
                           absl::WebSafeBase64Escape(std::string(64, 's'))));
  }
  return 0;
}
