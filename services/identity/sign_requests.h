// What relying parties have asked persons to sign, and what became of it. Knows
// no HTTP, and no documents: only their digests.
#ifndef PSM_SERVICES_IDENTITY_SIGN_REQUESTS_H_
#define PSM_SERVICES_IDENTITY_SIGN_REQUESTS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

// How long a request waits: by default, and within which bounds.
inline constexpr absl::Duration kSignRequestLife = absl::Hours(24);
inline constexpr absl::Duration kShortestSignRequest = absl::Minutes(1);
inline constexpr absl::Duration kLongestSignRequest = absl::Hours(24 * 7);
// Of a client to a person, whose time is not over and of which the client has
// no signature.
inline constexpr int kMostSignRequests = 8;
// After its end, for a relying party to collect it; then it is forgotten.
inline constexpr absl::Duration kSignatureKept = absl::Hours(24 * 7);
// After it was first collected, for the answer that got lost.
inline constexpr absl::Duration kCollectedAgain = absl::Hours(1);
inline constexpr std::size_t kMaxTitle = 200;  // bytes

struct SignRequest {
  // The numbers are kept in the database.
  enum class State { kPending = 1, kSigned = 2, kDeclined = 3 };

  std::string id;     // IdOf(): 43 characters that nobody guesses; whoever has
                      // them sees the title and may decline
  std::string blind;  // 32 random bytes, for the id alone
  std::string client_id;
  std::string reference;  // the client's own id of it
  std::string subject;    // who is asked; identity's code
  std::string digest;     // SHA-256 of the document, 32 bytes
  std::string title;      // of the document, as the client says it
  absl::Time request_time;
  absl::Time expire_time;  // exclusive; when it ends unanswered
  State state = State::kPending;
  std::string signature;    // CMS, DER; kSigned alone
  std::string exchange_id;  // of signing and of the first collecting
  // When the client was first given the signature; kSigned alone.
  std::optional<absl::Time> collect_time;

  // Whether it looks to all but the signer as one that waits at `now`. A
  // signature that nobody has collected may yet be withheld, and until then
  // shows nowhere (relying_party_signatures.cc).
  bool SeemsToWait(absl::Time now) const {
    return (state == State::kPending ||
            (state == State::kSigned && !collect_time.has_value())) &&
           now < expire_time;
  }
};

// The id that a request of this blind, client, digest and title has: a
// commitment, SHA-256 in base64url. Who has the id from the page and hears the
// rest elsewhere knows by it that both speak of the same request, and nobody
// finds another client, digest or title for it.
std::string IdOf(const SignRequest& request);

// Thread-safe. What it is given must outlive it. Errors are the database's, but
// for those named.
class SignRequests {
 public:
  SignRequests(agency::Database* database, Random* random)
      : database_(database), random_(random) {}

  // Keeps a request that is made at `wanted.request_time` and waits; gives it
  // its blind, its id and its exchange id. One that the client has made before,
  // of the same person under the same reference and with the same content, is
  // that one, whatever became of it. ALREADY_EXISTS REFERENCE_REUSED where the
  // content is another; RESOURCE_EXHAUSTED TOO_MANY_REQUESTS where there are
  // kMostSignRequests.
  absl::StatusOr<SignRequest> Add(SignRequest wanted);

  // nullopt where there is none.
  absl::StatusOr<std::optional<SignRequest>> Find(absl::string_view id);

  // By the client's reference; nullopt where there is none, also where it is
  // another client's or about another person.
  absl::StatusOr<std::optional<SignRequest>> FindOf(
      absl::string_view client_id, absl::string_view subject,
      absl::string_view reference);

  // Answers a request that waits at `now`; `signature` empty: declined, which
  // also takes back a signature that was not collected. FAILED_PRECONDITION
  // REQUEST_ANSWERED where it does not wait: of two answers at once, one is
  // first.
  absl::Status Answer(absl::string_view id, absl::string_view signature,
                      absl::Time now);

  // The client is about to be given the signature for the first time.
  // FAILED_PRECONDITION REQUEST_ANSWERED where there is none any more.
  absl::Status Collect(absl::string_view id, absl::Time now);

  // The client must not have a signature that it has not collected: forgets it.
  // The request is then one that was never signed, in each respect.
  absl::Status Withhold(absl::string_view id);

 private:
  agency::Database* const database_;
  Random* const random_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_SIGN_REQUESTS_H_
