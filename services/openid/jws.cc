#include "services/openid/jws.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/private_key_pem.h"

namespace psm::openid {
namespace {

constexpr int kRsaBits = 2048;
constexpr std::size_t kCoordinate = 32;  // bytes
// SubjectPublicKeyInfo of a P-256 key up to the point's first byte, which says
// that both coordinates follow (RFC 5480, 2; SEC 1, 2.3.3).
constexpr unsigned char kP256Prefix[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

std::string Prefix() {
  return std::string(reinterpret_cast<const char*>(kP256Prefix),
                     sizeof(kP256Prefix));
}

std::string NumberOf(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  CheckOpenSsl(EVP_PKEY_get_bn_param(key, name, &number) == 1,
               "EVP_PKEY_get_bn_param");
  const OpenSslPtr<BIGNUM> owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, Bytes(bytes));
  return bytes;
}

// A member that is a string; "" where it is absent, nullopt where it is
// something else.
std::optional<std::string> StringIn(const nlohmann::json& object,
                                    const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<nlohmann::json> ObjectOf(absl::string_view part) {
  const std::optional<std::string> text = FromBase64Url(part);
  if (!text.has_value()) return std::nullopt;
  nlohmann::json json =
      nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

}  // namespace

const char* NameOf(JwsAlgorithm algorithm) {
  return algorithm == JwsAlgorithm::kEs256 ? "ES256" : "RS256";
}

std::string Base64Url(absl::string_view bytes) {
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return text;
}

std::optional<std::string> FromBase64Url(absl::string_view text) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(text, &bytes) || Base64Url(bytes) != text)
    return std::nullopt;
  return bytes;
}

// One of the two.
struct JwsKey::Key {
  std::unique_ptr<SigningKey> ec;
  OpenSslPtr<EVP_PKEY> rsa;
};

JwsKey::JwsKey(JwsAlgorithm algorithm, std::unique_ptr<const Key> key)
    : algorithm_(algorithm), key_(std::move(key)) {
  if (key_->ec != nullptr) {
    public_jwk_ = JwkOf(*key_->ec->Public());
  } else {
    public_jwk_ = {
        {"kty", "RSA"},
        {"n", Base64Url(NumberOf(key_->rsa.get(), OSSL_PKEY_PARAM_RSA_N))},
        {"e", Base64Url(NumberOf(key_->rsa.get(), OSSL_PKEY_PARAM_RSA_E))}};
  }
  // RFC 7638, 3: the required members alone, sorted, without spaces, which is
  // how the library writes an object.
  kid_ = Base64Url(Sha256(public_jwk_.dump()));
  public_jwk_["use"] = "sig";
  public_jwk_["alg"] = NameOf(algorithm_);
  public_jwk_["kid"] = kid_;
}

JwsKey::~JwsKey() = default;

absl::StatusOr<std::shared_ptr<const JwsKey>> JwsKey::Generate(
    JwsAlgorithm algorithm) {
  auto key = std::make_unique<Key>();
  if (algorithm == JwsAlgorithm::kEs256) {
    PSM_ASSIGN_OR_RETURN(key->ec, SigningKey::Generate());
  } else {
    key->rsa.reset(EVP_RSA_gen(kRsaBits));
    CheckOpenSsl(key->rsa != nullptr, "EVP_RSA_gen");
  }
  return std::shared_ptr<const JwsKey>(new JwsKey(algorithm, std::move(key)));
}

absl::StatusOr<std::shared_ptr<const JwsKey>> JwsKey::FromPem(
    absl::string_view pem, JwsAlgorithm algorithm) {
  auto key = std::make_unique<Key>();
  if (algorithm == JwsAlgorithm::kEs256) {
    PSM_ASSIGN_OR_RETURN(key->ec, SigningKey::FromPem(pem, SecretBytes()));
  } else {
    PSM_ASSIGN_OR_RETURN(key->rsa, PrivateKeyFromPem(pem, SecretBytes()));
    if (EVP_PKEY_is_a(key->rsa.get(), "RSA") != 1 ||
        EVP_PKEY_get_bits(key->rsa.get()) < kRsaBits)
      return PrivateKeyNotOpened("it is not RSA of 2048 bits or more");
  }
  return std::shared_ptr<const JwsKey>(new JwsKey(algorithm, std::move(key)));
}

SecretBytes JwsKey::ToPem() const {
  if (key_->ec != nullptr) return key_->ec->ToPem(SecretBytes());
  return PrivateKeyToPem(key_->rsa.get(), SecretBytes());
}

std::string JwsKey::Sign(absl::string_view typ,
                         const nlohmann::json& claims) const {
  const nlohmann::json header = {
      {"alg", NameOf(algorithm_)}, {"kid", kid_}, {"typ", std::string(typ)}};
  const std::string message =
      absl::StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()));
  if (key_->ec != nullptr)
    return absl::StrCat(message, ".", Base64Url(key_->ec->SignRaw(message)));
  const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  // PKCS#1 v1.5 is the default padding of an RSA key (RFC 7518, 3.3).
  CheckOpenSsl(context != nullptr &&
                   EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(),
                                      nullptr, key_->rsa.get()) == 1 &&
                   EVP_DigestSign(context.get(), nullptr, &size, Bytes(message),
                                  message.size()) == 1,
               "EVP_DigestSign");
  std::string signature(size, '\0');
  CheckOpenSsl(
      EVP_DigestSign(context.get(), Bytes(signature), &size,
                     Bytes(absl::string_view(message)), message.size()) == 1,
      "EVP_DigestSign");
  signature.resize(size);
  return absl::StrCat(message, ".", Base64Url(signature));
}

bool JwsKey::Verify(absl::string_view message,
                    absl::string_view signature) const {
  if (key_->ec != nullptr) {
    return signature.size() == 2 * kCoordinate &&
           key_->ec->Public()->VerifyRaw(message, signature);
  }
  const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  CheckOpenSsl(context != nullptr &&
                   EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(),
                                        nullptr, key_->rsa.get()) == 1,
               "EVP_DigestVerifyInit");
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                          Bytes(message), message.size()) == 1;
}

std::optional<UnverifiedJws> SplitJws(absl::string_view token,
                                      std::size_t max_size) {
  if (token.size() > max_size) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return std::nullopt;
  const std::optional<nlohmann::json> header = ObjectOf(parts[0]);
  std::optional<nlohmann::json> claims = ObjectOf(parts[1]);
  std::optional<std::string> signature = FromBase64Url(parts[2]);
  if (!header.has_value() || !claims.has_value() || !signature.has_value())
    return std::nullopt;
  for (const char* unwanted : {"crit", "b64", "jwk", "jku", "x5c", "x5u"}) {
    if (header->contains(unwanted)) return std::nullopt;
  }
  const std::optional<std::string> alg = StringIn(*header, "alg");
  const std::optional<std::string> typ = StringIn(*header, "typ");
  const std::optional<std::string> kid = StringIn(*header, "kid");
  if (!alg.has_value() || alg->empty() || !typ.has_value() || !kid.has_value())
    return std::nullopt;
  return UnverifiedJws{*alg,
                       *typ,
                       *kid,
                       absl::StrCat(parts[0], ".", parts[1]),
                       *std::move(signature),
                       *std::move(claims)};
}

absl::StatusOr<std::shared_ptr<const VerifyingKey>> Es256KeyOf(
    const nlohmann::json& jwk) {
  const auto is = [&](const char* name, absl::string_view wanted) {
    const std::optional<std::string> value = StringIn(jwk, name);
    return value.has_value() && *value == wanted;
  };
  if (!jwk.is_object() || !is("kty", "EC") || !is("crv", "P-256"))
    return absl::InvalidArgumentError("a key is not EC P-256");
  if ((jwk.contains("use") && !is("use", "sig")) ||
      (jwk.contains("alg") && !is("alg", "ES256")))
    return absl::InvalidArgumentError("a key is not for signing with ES256");
  if (jwk.contains("d"))
    return absl::InvalidArgumentError(
        "a key is private: register its public half, and make a new one");
  std::string der = Prefix();
  for (const char* name : {"x", "y"}) {
    const std::optional<std::string> text = StringIn(jwk, name);
    const std::optional<std::string> coordinate =
        text.has_value() ? FromBase64Url(*text) : std::nullopt;
    if (!coordinate.has_value() || coordinate->size() != kCoordinate)
      return absl::InvalidArgumentError(
          absl::StrCat("a key's ", name, " is not 32 bytes in base64url"));
    der += *coordinate;
  }
  return VerifyingKey::FromDer(der);
}

nlohmann::json JwkOf(const VerifyingKey& key) {
  const std::string der = key.ToDer();
  const absl::string_view point =
      absl::string_view(der).substr(sizeof(kP256Prefix));
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"x", Base64Url(point.substr(0, kCoordinate))},
          {"y", Base64Url(point.substr(kCoordinate))}};
}

}  // namespace psm::openid
