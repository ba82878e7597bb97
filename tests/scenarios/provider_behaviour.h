// What the open-handed tax office of the scenarios does, by `fiscal_year` of
// the request.
#ifndef PSM_TESTS_SCENARIOS_PROVIDER_BEHAVIOUR_H_
#define PSM_TESTS_SCENARIOS_PROVIDER_BEHAVIOUR_H_

namespace psm::testing {

inline constexpr int kAnswerAtOnce = 0;
inline constexpr int kAnswerWhenCancelled = 1;

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_PROVIDER_BEHAVIOUR_H_
