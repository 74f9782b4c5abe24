#include "crypto/given_random.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include "crypto/openssl.h"

namespace shoal::crypto {

namespace {

constexpr const char* kGenerator = "SHOAL-GIVEN";
constexpr std::size_t kMaxRequestBytes = 1 << 16;
constexpr unsigned kStrengthBits = 256;

thread_local const RandomFill* current_fill = nullptr;

// A provider of one random generator (OpenSSL, provider-rand). The generator has no state.

int the_generator = 0;

void* new_generator(void* /*provider*/, void* /*parent*/, const OSSL_DISPATCH* /*calls*/) {
  return &the_generator;
}

void free_generator(void* /*generator*/) {}

int instantiate(void* /*generator*/, unsigned /*strength*/, int /*resistance*/,
                const unsigned char* /*personalisation*/, std::size_t /*bytes*/,
                const OSSL_PARAM /*parameters*/[]) {
  return 1;
}

int uninstantiate(void* /*generator*/) {
  return 1;
}

/// No exception may pass through OpenSSL.
int generate(void* /*generator*/, unsigned char* out, std::size_t bytes, unsigned strength,
             int /*resistance*/, const unsigned char* /*more*/, std::size_t /*more_bytes*/) {
  if (current_fill == nullptr || strength > kStrengthBits) return 0;
  try {
    (*current_fill)({out, bytes});
  } catch (...) {
    return 0;
  }
  return 1;
}

int enable_locking(void* /*generator*/) {
  return 1;
}

const OSSL_PARAM* gettable_parameters(void* /*generator*/, void* /*provider*/) {
  static const OSSL_PARAM parameters[] = {
      OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, nullptr),
      OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, nullptr),
      OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, nullptr),
      OSSL_PARAM_END,
  };
  return parameters;
}

int get_parameters(void* /*generator*/, OSSL_PARAM parameters[]) {
  OSSL_PARAM* state = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STATE);
  if (state != nullptr && OSSL_PARAM_set_int(state, EVP_RAND_STATE_READY) != 1) return 0;
  OSSL_PARAM* strength = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STRENGTH);
  if (strength != nullptr && OSSL_PARAM_set_uint(strength, kStrengthBits) != 1) return 0;
  OSSL_PARAM* most = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_MAX_REQUEST);
  return most == nullptr || OSSL_PARAM_set_size_t(most, kMaxRequestBytes) == 1 ? 1 : 0;
}

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* no_cache) {
  static const OSSL_DISPATCH generator[] = {
      entry(OSSL_FUNC_RAND_NEWCTX, new_generator),
      entry(OSSL_FUNC_RAND_FREECTX, free_generator),
      entry(OSSL_FUNC_RAND_INSTANTIATE, instantiate),
      entry(OSSL_FUNC_RAND_UNINSTANTIATE, uninstantiate),
      entry(OSSL_FUNC_RAND_GENERATE, generate),
      entry(OSSL_FUNC_RAND_ENABLE_LOCKING, enable_locking),
      entry(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, gettable_parameters),
      entry(OSSL_FUNC_RAND_GET_CTX_PARAMS, get_parameters),
      {0, nullptr},
  };
  static const OSSL_ALGORITHM algorithms[] = {
      {kGenerator, "provider=given", generator, "randomness of the caller"},
      {nullptr, nullptr, nullptr, nullptr},
  };
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? algorithms : nullptr;
}

int start_provider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* /*core*/,
                   const OSSL_DISPATCH** calls, void** provider) {
  static const OSSL_DISPATCH own[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                      {0, nullptr}};
  *calls = own;
  *provider = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

OSSL_LIB_CTX* make_library() {
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
  require(library != nullptr && OSSL_PROVIDER_add_builtin(library, "given", start_provider) == 1 &&
              OSSL_PROVIDER_load(library, "default") != nullptr &&
              OSSL_PROVIDER_load(library, "given") != nullptr &&
              RAND_set_DRBG_type(library, kGenerator, nullptr, nullptr, nullptr) == 1,
          "OpenSSL could not be set up");
  return library;
}

}  // namespace

RandomScope::RandomScope(const RandomFill& fill) : before_(current_fill) {
  current_fill = &fill;
}

RandomScope::~RandomScope() {
  current_fill = before_;
}

OSSL_LIB_CTX* given_random_library() {
  static OSSL_LIB_CTX* const library = make_library();
  return library;
}

}  // namespace shoal::crypto
