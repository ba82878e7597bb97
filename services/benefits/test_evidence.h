// An EvidenceSource for this folder's tests. Never linked into a program.
#ifndef PSM_SERVICES_BENEFITS_TEST_EVIDENCE_H_
#define PSM_SERVICES_BENEFITS_TEST_EVIDENCE_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/mutex.h"
#include "services/benefits/evidence_source.h"
#include "services/benefits/test_household.h"

namespace psm {

// Answers from what a test puts into it, and checks what it is asked.
class FakeEvidence final : public EvidenceSource {
 public:
  absl::StatusOr<HouseholdEvidence> GetHousehold(
      const Inquiry&, const std::string& affair, const std::string& provider,
      const std::string& subject) override {
    MutexLock lock(mu);
    ++questions;
    EXPECT_EQ(affair, "benefit-tax-exempt");
    EXPECT_EQ(provider, "akatsuki/residents");
    EXPECT_FALSE(subject.empty());
    if (!household_status.ok()) return household_status;
    return HouseholdEvidence{household, provider, "exchange-r"};
  }

  std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> RetrieveAll(
      const Inquiry&, const std::string& affair,
      absl::Span<const HouseholdQuestion> all) override {
    MutexLock lock(mu);
    ++questions;
    last_affair = affair;
    last_requests.clear();
    for (const HouseholdQuestion& question : all)
      last_requests.push_back(question.request);
    std::vector<absl::StatusOr<linkage::v1::RetrieveResponse>> answers;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!linkage_status.ok()) {
        answers.emplace_back(linkage_status);
        continue;
      }
      linkage::v1::RetrieveResponse answer;
      const auto& attributes = all[i].request.attributes();
      EXPECT_FALSE(attributes.empty()) << "a question about nothing";
      for (const linkage::v1::Evidence& leg : evidence[i]) {
        const bool asked = std::any_of(
            attributes.begin(), attributes.end(),
            [&](const std::string& attribute) {
              return attribute.substr(0, attribute.find('.')) == leg.dataset();
            });
        if (asked) *answer.add_evidence() = leg;
      }
      answers.emplace_back(std::move(answer));
    }
    return answers;
  }

  Mutex mu;
  residents::v1::GetHouseholdResponse household = HanakosHousehold();
  std::vector<std::vector<linkage::v1::Evidence>> evidence = HanakosEvidence();
  absl::Status household_status;
  absl::Status linkage_status;
  std::vector<linkage::v1::RetrieveRequest> last_requests;
  std::string last_affair;
  int questions = 0;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_TEST_EVIDENCE_H_
