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

// The file and all that it imports, each once: a client needs no second
// question.
void AddWithImports(const FileDescriptor& file,
                    std::set<const FileDescriptor*>& added,
                    rpc::FileDescriptorResponse& response) {
  if (!added.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i)
    AddWithImports(*file.dependency(i), added, response);
}

void Give(const FileDescriptor* file, rpc::ServerReflectionResponse& response) {
  if (file == nullptr)
    return Fail(absl::StatusCode::kNotFound, "no such symbol or file",
                response);
  std::set<const FileDescriptor*> added;
  AddWithImports(*file, added, *response.mutable_file_descriptor_response());
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

std::string Reflect(const ContractSet& contracts, absl::string_view bytes) {
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
  switch (request.message_request_case()) {
    case rpc::ServerReflectionRequest::kFileByFilename:
      Give(pool.FindFileByName(request.file_by_filename()), response);
      break;
    case rpc::ServerReflectionRequest::kFileContainingSymbol:
      Give(pool.FindFileContainingSymbol(request.file_containing_symbol()),
           response);
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
      Give(field == nullptr ? nullptr : field->file(), response);
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
