// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::flight {

// Names that client and server share.

/// Header of every call of a server with a token: "Bearer TOKEN".
inline constexpr char kTokenHeader[] = "authorization";
inline constexpr char kTokenPrefix[] = "Bearer ";
/// Header of a DoGet: the number of rows at its beginning that are not sent again. The
/// order of a stream's rows follows from its ticket; how they are cut into batches does
/// not.
inline constexpr char kSkipHeader[] = "windrow-skip-rows";
/// Action that leaves a filter with the server; the answer is its id.
inline constexpr char kFilterAction[] = "filter";
/// Action that answers as many bytes as its body says, to measure the link by.
inline constexpr char kProbeAction[] = "probe";
/// Beginning of the metadata of a FlightInfo by a Windrow server; the codec follows.
inline constexpr char kInfoMagic[] = "windrow 1 ";

}  // namespace windrow::flight
