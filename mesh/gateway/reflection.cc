#include "mesh/gateway/reflection.h"

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "mesh/gateway/own_methods.h"

namespace psm {
namespace {

namespace rpc = grpc::reflection::v1;
using google::protobuf::FileDescriptor;

void Fail(absl::StatusCode code, const char* message,
          rpc::ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(message);
}

void ListServices(const ContractSet& contracts,
                  rpc::ServerReflectionResponse& response) {
  std::set<std::string> names;
  for (const MethodPlan* plan : contracts.methods())
    names.insert(plan->service);
  for (const OwnMethod& method : OwnMethods()) names.insert(method.service());
  for (const std::string& name : names)
    response.mutable_list_services_response()->add_service()->set_name(name);
}

}  // namespace

// Looks files up among those that are kept.
class Reflection::Answerer {
 public:
  Answerer(Reflection& kept, rpc::ServerReflectionResponse& response)
      : kept_(kept), response_(response) {}

  void Give(const FileDescriptor* file) {
    if (file == nullptr) {
      Fail(absl::StatusCode::kNotFound, "no such symbol or file", response_);
      return;
    }
    AddWithImports(*file);
  }

 private:
  // The file and all that it imports, each once: a client needs no second
  // question.
  void AddWithImports(const FileDescriptor& file) {
    if (!added_.insert(&file).second) return;
    std::string& bytes = kept_.files_[&file];
    if (bytes.empty()) {
      google::protobuf::FileDescriptorProto proto;
      file.CopyTo(&proto);
      bytes = proto.SerializeAsString();
    }
    response_.mutable_file_descriptor_response()->add_file_descriptor_proto(
        bytes);
    for (int i = 0; i < file.dependency_count(); ++i)
      AddWithImports(*file.dependency(i));
  }

  Reflection& kept_;
  rpc::ServerReflectionResponse& response_;
  std::set<const FileDescriptor*> added_;
};

std::string Reflection::Answer(
    const std::shared_ptr<const PolicyEngine>& policy,
    absl::string_view bytes) {
  if (policy_.lock() != policy) {
    files_.clear();
    policy_ = policy;
  }
  const ContractSet& contracts = policy->contracts();
  rpc::ServerReflectionRequest request;
  rpc::ServerReflectionResponse response;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    Fail(absl::StatusCode::kInvalidArgument, "not a ServerReflectionRequest",
         response);
    return response.SerializeAsString();
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const google::protobuf::DescriptorPool& pool = contracts.pool();
  Answerer answerer(*this, response);
  switch (request.message_request_case()) {
    case rpc::ServerReflectionRequest::kFileByFilename:
      answerer.Give(pool.FindFileByName(request.file_by_filename()));
      break;
    case rpc::ServerReflectionRequest::kFileContainingSymbol:
      answerer.Give(
          pool.FindFileContainingSymbol(request.file_containing_symbol()));
      break;
    case rpc::ServerReflectionRequest::kListServices:
      ListServices(contracts, response);
      break;
    case rpc::ServerReflectionRequest::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      const auto* type =
          pool.FindMessageTypeByName(extension.containing_type());
      const auto* field =
          type == nullptr
              ? nullptr
              : pool.FindExtensionByNumber(type, extension.extension_number());
      answerer.Give(field == nullptr ? nullptr : field->file());
      break;
    }
    case rpc::ServerReflectionRequest::kAllExtensionNumbersOfType: {
      const auto* type =
          pool.FindMessageTypeByName(request.all_extension_numbers_of_type());
      if (type == nullptr) {
        Fail(absl::StatusCode::kNotFound, "no such type", response);
        break;
      }
      std::vector<const google::protobuf::FieldDescriptor*> fields;
      pool.FindAllExtensions(type, &fields);
      auto* numbers = response.mutable_all_extension_numbers_response();
      numbers->set_base_type_name(request.all_extension_numbers_of_type());
      for (const auto* field : fields)
        numbers->add_extension_number(field->number());
      break;
    }
    default:
      Fail(absl::StatusCode::kInvalidArgument, "no question in the request",
           response);
  }
  return response.SerializeAsString();
}

}  // namespace psm
