# Installs what package-lock.json says, once for each version of it: cmake -DNPM=npm -P npm_ci.cmake. Says NOT TESTED where that cannot be
# done (no network): ctest then counts it as skipped, and tests that need it skip themselves.
# With PSM_REQUIRE_NODE=1 it fails.
set(done ${CMAKE_CURRENT_LIST_DIR}/node_modules/.package-lock.sha256)
file(SHA256 ${CMAKE_CURRENT_LIST_DIR}/package-lock.json wanted)
if(EXISTS ${done})
  file(READ ${done} installed)
  if(installed STREQUAL wanted)
    return()
  endif()
endif()
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund WORKING_DIRECTORY ${CMAKE_CURRENT_LIST_DIR}
  RESULT_VARIABLE result)
if(result EQUAL 0)
  file(WRITE ${done} ${wanted})
elseif("$ENV{PSM_REQUIRE_NODE}" STREQUAL "1")
  message(FATAL_ERROR "npm ci failed (${result}), and PSM_REQUIRE_NODE=1")
else()
  message("NOT TESTED: npm ci failed (${result}); clients in other languages are not tried")
endif()
