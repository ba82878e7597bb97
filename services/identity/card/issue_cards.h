// Gives every persona of a run a virtual card. For developers: knows the
// personas file, which no agency may read.
#ifndef PSM_SERVICES_IDENTITY_CARD_ISSUE_CARDS_H_
#define PSM_SERVICES_IDENTITY_CARD_ISSUE_CARDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"

namespace psm::card {

// The PINs of every card this makes, for authentication and for signing. No
// secrets: the cards are synthetic.
inline constexpr char kDemoPin[] = "1234";
inline constexpr char kDemoSignaturePin[] = "DEMO1234";

struct IssueReport {
  int issued = 0;
  int kept = 0;  // personas that had a card file
};

// Issues a card, <run>/cards/<persona>.json, to each persona of
// <run>/personas.jsonl that has a card serial and no card file, from the
// authority in <run>/pki/jpki, which it makes where it is missing. Valid five
// years. A card has a signature certificate where identity's seed file
// (<run>/seeds/identity/identity.jsonl) says who holds it and that person is of
// kSignatureAge. What is issued stands in the authority's kIssuedFile before
// anybody has it. Stops at the first error, which names the line. May run again
// at any time: remove a card's file to have it issued anew.
absl::StatusOr<IssueReport> IssueCards(const std::string& run,
                                       const Clock& clock);

}  // namespace psm::card

#endif  // PSM_SERVICES_IDENTITY_CARD_ISSUE_CARDS_H_
