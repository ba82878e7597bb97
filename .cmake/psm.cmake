# The project's build vocabulary: psm_library, psm_executable, psm_test, psm_proto_library.
# Sources and direct dependencies are always listed one by one.

add_library(psm_flags INTERFACE)
target_compile_features(psm_flags INTERFACE cxx_std_20)
target_include_directories(psm_flags INTERFACE ${PSM_ROOT})
target_compile_options(psm_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wundef
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CXX_COMPILER_ID:Clang>:-Werror=thread-safety>
  $<$<BOOL:${PSM_WERROR}>:-Werror>)
target_link_options(psm_flags INTERFACE -fuse-ld=mold)

# Since version 18 clang mangles constrained templates otherwise than the gcc that built Debian's Abseil.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fclang-abi-compat=17)
endif()

# Sanitizers concern every target, generated code included.
if(PSM_SANITIZER STREQUAL "address")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined
    -fno-sanitize=vptr -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined -fno-sanitize=vptr)
elseif(PSM_SANITIZER STREQUAL "thread")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(PSM_SANITIZER)
  message(FATAL_ERROR "PSM_SANITIZER is 'address', 'thread' or empty, not '${PSM_SANITIZER}'")
endif()

# What sanitizers need to know when tests run.
set(PSM_TEST_ENVIRONMENT
  "TSAN_OPTIONS=ignore_noninstrumented_modules=1 suppressions=${PSM_ROOT}/.ci/tsan.supp halt_on_error=1 external_symbolizer_path=/usr/bin/llvm-symbolizer-14"
  "LSAN_OPTIONS=suppressions=${PSM_ROOT}/.ci/lsan.supp print_suppressions=0"
  "UBSAN_OPTIONS=print_stacktrace=1")

# Core targets know no transport: gRPC, nghttp2 and Boost may not be reached from them.
define_property(GLOBAL PROPERTY PSM_CORE_TARGETS)

# Every library, for projects outside that link a built checkout.
define_property(GLOBAL PROPERTY PSM_LIBRARY_TARGETS)

# Names psm_NAME as psm::NAME, here and in the export.
function(_psm_name target name)
  add_library(psm::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY PSM_LIBRARY_TARGETS ${target})
endfunction()

function(_psm_target kind name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "CORE" "" "SOURCES;DEPS")
  set(target psm_${name})
  if(kind STREQUAL "library")
    if(arg_SOURCES)
      add_library(${target} STATIC ${arg_SOURCES})
      target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE psm_flags)
      target_include_directories(${target} PUBLIC ${PSM_ROOT})
    else()
      add_library(${target} INTERFACE)
      target_link_libraries(${target} INTERFACE ${arg_DEPS})
      target_include_directories(${target} INTERFACE ${PSM_ROOT})
    endif()
    _psm_name(${target} ${name})
  endif()
  if(arg_CORE)
    set_property(GLOBAL APPEND PROPERTY PSM_CORE_TARGETS ${target})
  endif()
endfunction()

# psm_library(NAME [CORE] SOURCES file... DEPS target...): a static library psm::NAME.
function(psm_library name)
  _psm_target(library ${name} ${ARGN})
endfunction()

# What `psm demo` builds: every program, no test.
add_custom_target(programs)

# psm_executable(NAME SOURCES file... DEPS target...): a program NAME in <build>/bin.
function(psm_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} psm_flags)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PSM_BINARY_ROOT}/bin)
  add_dependencies(programs ${name})
endfunction()

# psm_test(NAME SOURCES file... DEPS target... [LABELS label...] [TIMEOUT s] [ENVIRONMENT VAR=value...] [EXCLUSIVE]):
# one GoogleTest program, one ctest entry. A scenario that needs the machine for itself says EXCLUSIVE.
function(psm_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EXCLUSIVE" "TIMEOUT" "SOURCES;DEPS;LABELS;ENVIRONMENT")
  if(NOT PSM_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock_main psm_flags)
  # Compiled about as often as run: the optimiser's time would not come back.
  target_compile_options(${name} PRIVATE -O0)
  # Compiled together, a test's files are includes, whose unnamed namespaces gcc warns of.
  if(PSM_UNITY_TESTS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -Wno-subobject-linkage)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PSM_BINARY_ROOT}/tests
    UNITY_BUILD "${PSM_UNITY_TESTS}" UNITY_BUILD_BATCH_SIZE 6)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
    ENVIRONMENT "${PSM_TEST_ENVIRONMENT};${arg_ENVIRONMENT}")
  if(arg_EXCLUSIVE)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# psm_scenario_test(NAME SOURCES file... [DEPS target...] [LABELS label...] [TIMEOUT s] [ENVIRONMENT ...] [EXCLUSIVE]): a psm_test that
# brings up whole meshes (tests/support), so it needs every program. Label `scenario`. Other projects get it from psm-sdk.cmake.
function(psm_scenario_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LABELS")
  if(NOT PSM_TESTS)
    return()
  endif()
  psm_test(${name} ${arg_UNPARSED_ARGUMENTS}
    DEPS psm::mesh_fixture ${arg_DEPS}
    LABELS scenario ${arg_LABELS})
  add_dependencies(${name} programs)
endfunction()

# psm_proto_library(NAME [GRPC] PROTOS file... DEPS target...): psm::NAME with the generated messages, and with
# GRPC also psm::NAME_grpc with the generated services. Files are relative to protos/. Generated code is a SYSTEM include.
function(psm_proto_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "GRPC" "ROOT" "PROTOS;DEPS")
  if(NOT arg_ROOT)
    set(arg_ROOT ${PSM_ROOT}/protos)
  endif()
  set(out ${CMAKE_BINARY_DIR}/generated)
  set(messages "")
  set(services "")
  file(MAKE_DIRECTORY ${out})
  foreach(proto IN LISTS arg_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND protobuf::protoc -I${arg_ROOT} -I${PSM_ROOT}/protos --cpp_out=${out} ${arg_ROOT}/${proto}
      DEPENDS ${arg_ROOT}/${proto} protobuf::protoc VERBATIM)
    list(APPEND messages ${out}/${stem}.pb.cc)
    if(arg_GRPC)
      add_custom_command(
        OUTPUT ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h
        COMMAND protobuf::protoc -I${arg_ROOT} -I${PSM_ROOT}/protos --grpc_out=${out}
                --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${arg_ROOT}/${proto}
        DEPENDS ${arg_ROOT}/${proto} protobuf::protoc gRPC::grpc_cpp_plugin VERBATIM)
      list(APPEND services ${out}/${stem}.grpc.pb.cc)
    endif()
  endforeach()
  add_library(psm_${name} STATIC ${messages})
  target_include_directories(psm_${name} SYSTEM PUBLIC ${out})
  target_compile_features(psm_${name} PUBLIC cxx_std_20)
  target_link_libraries(psm_${name} PUBLIC protobuf::libprotobuf ${arg_DEPS})
  _psm_name(psm_${name} ${name})
  if(services)
    add_library(psm_${name}_grpc STATIC ${services})
    target_link_libraries(psm_${name}_grpc PUBLIC psm_${name} gRPC::grpc++)
    _psm_name(psm_${name}_grpc ${name}_grpc)
  endif()
endfunction()

# psm_descriptor_set(FILE PROTOS file... [ROOT dir]): all of them with their imports in one FileDescriptorSet.
function(psm_descriptor_set file)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "PROTOS")
  if(NOT arg_ROOT)
    set(arg_ROOT ${PSM_ROOT}/protos)
  endif()
  list(TRANSFORM arg_PROTOS PREPEND ${arg_ROOT}/ OUTPUT_VARIABLE sources)
  add_custom_command(
    OUTPUT ${file}
    COMMAND protobuf::protoc -I${arg_ROOT} -I${PSM_ROOT}/protos --include_imports --include_source_info
            --descriptor_set_out=${file} ${sources}
    DEPENDS ${sources} ${PSM_ROOT}/protos/psm/annotations/v1/annotations.proto protobuf::protoc VERBATIM)
endfunction()

# Stops the configuration when a core target reaches a transport.
function(psm_check_core_targets)
  get_property(cores GLOBAL PROPERTY PSM_CORE_TARGETS)
  foreach(core IN LISTS cores)
    set(open ${core})
    set(seen "")
    while(open)
      list(POP_FRONT open target)
      if(target IN_LIST seen)
        continue()
      endif()
      list(APPEND seen ${target})
      if(target MATCHES "gRPC::|nghttp2|Boost::|soci")
        message(FATAL_ERROR "core target ${core} reaches ${target}: core folders know no transport (README, codemap)")
      endif()
      if(TARGET ${target})
        get_target_property(aliased ${target} ALIASED_TARGET)
        if(aliased)
          list(APPEND open ${aliased})
        elseif(target MATCHES "^psm_")
          get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
          if(links)
            foreach(link IN LISTS links)
              string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
              list(APPEND open ${link})
            endforeach()
          endif()
        endif()
      endif()
    endwhile()
  endforeach()
endfunction()

# Writes <build>/psm-sdk.cmake, with which a project outside links this build's libraries (tests/new_agency shows how).
function(psm_export_sdk)
  get_property(libraries GLOBAL PROPERTY PSM_LIBRARY_TARGETS)
  set_target_properties(psm_flags PROPERTIES EXPORT_NAME flags)
  export(TARGETS psm_flags ${libraries} NAMESPACE psm:: FILE ${PSM_BINARY_ROOT}/psm-targets.cmake)
  configure_file(${PSM_ROOT}/.cmake/psm-sdk.cmake.in ${PSM_BINARY_ROOT}/psm-sdk.cmake @ONLY)
endfunction()
