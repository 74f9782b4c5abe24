# Reads `ctest --verbose`: prints what failed, and writes "passed failed skipped" to the file `counts`.
# A GoogleTest program counts by its tests, any other as one; one that died outside a test counts as a failure.

function result(prefix) { return index(line, prefix) && line ~ /\([0-9]+ ms\)$/ }

/^[0-9]+: / {
  program = $1 + 0
  line = substr($0, length($1) + 2)
  if (index(line, "[ RUN      ]") == 1) { since_start[program] = ""; is_gtest[program] = 1 }
  if (index(line, "[==========]") == 1) is_gtest[program] = 1
  since_start[program] = since_start[program] "  " line "\n"
  if (result("[       OK ]")) { passed++; since_start[program] = "" }
  if (result("[  SKIPPED ]")) { skipped++; since_start[program] = "" }
  if (result("[  FAILED  ]")) { failed++; has_failed[program] = 1; printf "%s", since_start[program]; since_start[program] = "" }
  next
}

/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
  match($0, /#[0-9]+:/)
  program = substr($0, RSTART + 1, RLENGTH - 2) + 0
  if ($0 ~ / Passed +[0-9.]+ sec$/) {
    if (!is_gtest[program]) passed++
  } else if (!has_failed[program]) {
    failed++
    print $0
    printf "%s", since_start[program]
  }
}

END { print passed + 0, failed + 0, skipped + 0 > counts }
