// The one place where Boost.JSON is compiled; everybody else only declares it.
#include <boost/json/src.hpp>
