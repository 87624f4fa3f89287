// Precompiled: the headers that nearly every source file needs and that cost seconds each.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
