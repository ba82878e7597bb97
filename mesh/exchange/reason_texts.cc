// Several reasons may have the same words: a person wants to know what came of
// it, and an operator has the reason itself in the record.
#include "mesh/exchange/reason_texts.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace psm {
namespace {

const absl::flat_hash_map<absl::string_view, Text>& Table() {
  static const auto& table = *new absl::flat_hash_map<absl::string_view,
                                                      Text>([] {
    absl::flat_hash_map<absl::string_view, Text> all;
    const auto add = [&](std::initializer_list<absl::string_view> reasons,
                         const char* ja, const char* en) {
      for (absl::string_view reason : reasons) all[reason] = {ja, en};
    };
    add({"NO_AGREEMENT", "UNKNOWN_METHOD"},
        "これを認める連携協定がないため拒否されました",
        "refused: no agreement allows it");
    add({"AGREEMENT_NOT_IN_FORCE"}, "連携協定の期間外のため拒否されました",
        "refused: the agreement is not in force");
    add({"CONSENT_REQUIRED"}, "本人の同意がないため拒否されました",
        "refused: the person had not consented");
    add({"CONSENT_EXPIRED"}, "本人の同意の期限が切れたため拒否されました",
        "refused: the person's consent had ended");
    add({"CONSENT_TOO_LONG"}, "本人の同意の期間が長すぎるため拒否されました",
        "refused: the person's consent was to hold for too long");
    add({"CONSENT_WITHDRAWN"}, "本人の同意が撤回されたため拒否されました",
        "refused: the person had withdrawn the consent");
    add({"CONSENT_INVALID"}, "本人の同意が確認できないため拒否されました",
        "refused: the consent was not one for this");
    add({"CONSENT_STATE_STALE"},
        "同意の撤回の有無を確認できないため行われませんでした",
        "not done: it could not be known whether the consent was withdrawn");
    add({"REPRESENTATION_REQUIRED", "REPRESENTATION_INVALID"},
        "代理人であることが確認できないため拒否されました",
        "refused: nobody was shown to act for the person");
    add({"REPRESENTATION_EXPIRED"},
        "代理の手続の期限が切れたため拒否されました",
        "refused: the time to act for the person had ended");
    add({"REPRESENTATION_ENDED"}, "代理が終了したため拒否されました",
        "refused: the representation had ended");
    add({"QUOTA_EXCEEDED", "CALL_LIMIT", "BUFFER_LIMIT"},
        "照会が多すぎるため拒否されました", "refused: too many requests");
    add({"NOT_A_DISCLOSING_AGENCY", "NOT_AN_ENROLLING_AGENCY",
         "NOT_A_PROTECTING_AGENCY", "NOT_A_PROVIDER", "NOT_A_PUBLISHER",
         "UNKNOWN_SYSTEM"},
        "照会した機関に権限がないため拒否されました",
        "refused: the agency may not do this");
    add({"CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED",
         "CERTIFICATE_NOT_TRUSTED"},
        "照会した機関の証明書が無効のため拒否されました",
        "refused: the certificate of who asked is not valid");
    add({"REVOCATION_STATE_STALE"},
        "証明書の失効の有無を確認できないため行われませんでした",
        "not done: it could not be known which certificates are revoked");
    add({"AFFAIR_REQUIRED",         "SUBJECT_REQUIRED",
         "SUBJECT_CODE_INVALID",    "CORPORATE_NUMBER_MALFORMED",
         "SUBJECT_NOT_ACCEPTED",    "UNKNOWN_ATTRIBUTE",
         "PROVIDER_REQUIRED",       "PROVIDER_UNKNOWN",
         "EXCHANGE_ID_INVALID",     "EXCHANGE_ID_REUSED",
         "PAGE_TOKEN_INVALID",      "METHOD_UNKNOWN",
         "CONTENT_TYPE_INVALID",    "METADATA_INVALID",
         "HEADERS_TOO_LARGE",       "TIMEOUT_INVALID",
         "COMPRESSION_NOT_OFFERED", "MESSAGE_COUNT",
         "MESSAGE_TOO_LARGE",       "MESSAGE_MALFORMED",
         "FIELD_REPEATED",          "RECEIPT_UNKNOWN",
         "PROOF_REQUEST_INVALID",   "RECORD_QUERY_INVALID",
         "HOLDINGS_MALFORMED",      "EVENT_MALFORMED",
         "RESUME_TOKEN_INVALID",    "EVENTS_EXPIRED",
         "TOO_MANY_CONSENTS"},
        "照会の内容に誤りがあるため拒否されました",
        "refused: the request was not in order");
    add({"PROVIDER_UNAVAILABLE", "PROVIDER_RESET"},
        "提供機関が応答しなかったため行われませんでした",
        "not done: the provider did not answer");
    add({"PROVIDER_NOT_TRUSTED"},
        "提供機関の証明書が無効のため行われませんでした",
        "not done: the provider's certificate is not valid");
    add({"NO_AUTOMATIC_ANSWER"}, "本人の保護のため自動では回答されませんでした",
        "not answered automatically, to protect the person");
    add({"PROVIDER_ERROR"}, "提供機関で処理できなかったため行われませんでした",
        "not done: the provider failed");
    add({"PROVIDER_ANSWER_MALFORMED", "PROVIDER_ANSWER_TOO_LARGE"},
        "提供機関の回答に誤りがあるため提供されませんでした",
        "not released: the provider's answer was not in order");
    add({"DEADLINE_EXCEEDED", "REQUEST_TOO_SLOW"},
        "時間内に終わらなかったため行われませんでした",
        "not done: it took too long");
    add({"CLIENT_GONE"}, "照会した機関が取りやめました",
        "the agency that asked gave it up");
    add({"GATEWAY_STOPPING", "RECORD_NOT_DURABLE", "RECORDS_UNAVAILABLE",
         "LOG_NOT_PUBLISHED", "HOLDINGS_NOT_DURABLE", "EVENTS_NOT_DURABLE"},
        "メッシュの都合により行われませんでした",
        "not done: the mesh could not");
    return all;
  }());
  return table;
}

}  // namespace

bool HasReasonText(absl::string_view reason) {
  return Table().contains(reason);
}

Text ReasonText(absl::string_view reason) {
  const auto found = Table().find(reason);
  if (found != Table().end()) return found->second;
  if (reason.empty()) return {"行われませんでした", "not done"};
  return {absl::StrCat("提供機関が応じませんでした(", reason, ")"),
          absl::StrCat("the provider declined (", reason, ")")};
}

}  // namespace psm
