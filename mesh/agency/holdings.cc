#include "mesh/agency/holdings.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/crypto/digest.h"
#include "psm/events/v1/events.grpc.pb.h"
#include "psm/holdings/v1/holdings.grpc.pb.h"

namespace psm::agency {

using events::v1::EventsService;
using holdings::v1::HoldingsService;

absl::Status DeclareHoldings(const GatewaySource& gateway,
                             absl::string_view service,
                             absl::Span<const std::string> subjects,
                             absl::Duration timeout) {
  holdings::v1::DeclareRequest request;
  request.set_service(std::string(service));
  request.mutable_subjects()->Add(subjects.begin(), subjects.end());
  holdings::v1::DeclareResponse response;
  CallTerms terms;
  terms.exchange_id = NewUuid(SystemRandom());  // so that it is repeated
  terms.timeout = timeout;
  return Call(gateway, &HoldingsService::Stub::Declare, terms, request,
              &response);
}

absl::Status EndHoldings(const GatewaySource& gateway,
                         absl::string_view service,
                         absl::Span<const std::string> subjects,
                         absl::Duration timeout) {
  holdings::v1::EndRequest request;
  request.set_service(std::string(service));
  request.mutable_subjects()->Add(subjects.begin(), subjects.end());
  holdings::v1::EndResponse response;
  CallTerms terms;
  terms.exchange_id = NewUuid(SystemRandom());  // so that it is repeated
  terms.timeout = timeout;
  return Call(gateway, &HoldingsService::Stub::End, terms, request, &response);
}

absl::Status SetProtection(const GatewaySource& gateway,
                           absl::string_view subject, bool is_protected,
                           const std::string& exchange_id,
                           absl::Duration timeout) {
  holdings::v1::SetProtectionRequest request;
  request.set_subject(std::string(subject));
  request.set_protected_(is_protected);
  holdings::v1::SetProtectionResponse response;
  CallTerms terms;
  terms.exchange_id = exchange_id;
  terms.timeout = timeout;
  return Call(gateway, &HoldingsService::Stub::SetProtection, terms, request,
              &response);
}

absl::Status PublishEvent(const GatewaySource& gateway, absl::string_view type,
                          absl::string_view subject,
                          absl::string_view effective_date,
                          const std::string& exchange_id,
                          absl::Duration timeout) {
  events::v1::PublishRequest request;
  request.set_type(std::string(type));
  request.set_subject(std::string(subject));
  request.set_effective_date(std::string(effective_date));
  events::v1::PublishResponse response;
  CallTerms terms;
  terms.exchange_id = exchange_id;
  terms.timeout = timeout;
  return Call(gateway, &EventsService::Stub::Publish, terms, request,
              &response);
}

}  // namespace psm::agency
