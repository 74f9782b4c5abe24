#pragma once

// Everything. The parts can be included one by one.

#include <shoal/async.h>
#include <shoal/compiler.h>
#include <shoal/content.h>
#include <shoal/error.h>
#include <shoal/get.h>
#include <shoal/job.h>
#include <shoal/key.h>
#include <shoal/log.h>
#include <shoal/node.h>
#include <shoal/peers.h>
#include <shoal/request.h>
#include <shoal/share.h>
#include <shoal/sim.h>
#include <shoal/stream.h>
#include <shoal/subscription.h>
#include <shoal/time.h>
#include <shoal/topic.h>
#include <shoal/tunnel.h>
#include <shoal/uncaught.h>
