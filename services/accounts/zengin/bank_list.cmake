# Gets the public list of banks with npm and writes it to OUTPUT: cmake -DNPM=npm -DNODE=node -DFOLDER=build-folder -DOUTPUT=banks.tsv
# -P bank_list.cmake. Where that cannot be done (no npm, no network) the list says so and the demo's own bank is the only one: nothing fails, and
# removing OUTPUT tries again.
file(MAKE_DIRECTORY ${FOLDER})
set(result "no npm")
if(NPM AND NODE)
  file(COPY ${CMAKE_CURRENT_LIST_DIR}/package.json ${CMAKE_CURRENT_LIST_DIR}/package-lock.json DESTINATION ${FOLDER})
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=30000
    WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET TIMEOUT 90)
  if(result EQUAL 0)
    execute_process(COMMAND ${NODE} ${CMAKE_CURRENT_LIST_DIR}/convert.js ${FOLDER}/node_modules ${OUTPUT}.new RESULT_VARIABLE result)
  endif()
endif()
if(result EQUAL 0)
  file(RENAME ${OUTPUT}.new ${OUTPUT})
else()
  message("no public list of banks (${result}): the demo's own bank is the only one")
  file(WRITE ${OUTPUT} "none\n")
endif()
