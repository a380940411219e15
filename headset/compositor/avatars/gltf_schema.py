"""glTF 2.0 as far as an avatar uses it: the JSON, typed and bounded.

What is decoded into these structs has the right types and plausible sizes; that indices point at
something, and that buffers hold what accessors promise, is checked where they are followed. What is
not named here (animations, cameras, extras of others) is skipped unread.

Source: Khronos glTF 2.0; KHR_mesh_quantization, EXT_meshopt_compression.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from .gltf_material_schema import (
    EncodedImage,
    Index,
    Number,
    Part,
    SampledImage,
    Sampler,
    Surface,
    Vector3,
    Vector4,
)
from .vrm_schema import Vrm0, Vrm1

MOST_NODES: Final = 8_192
MOST_ELEMENTS: Final = 3_000_000
"""Of one accessor: three corners of each of a million triangles."""

Bytes = Annotated[int, msgspec.Meta(ge=0, le=1 << 32)]
Stride = Annotated[int, msgspec.Meta(ge=1, le=256)]
Count = Annotated[int, msgspec.Meta(ge=1, le=MOST_ELEMENTS)]


class Buffer(Part, frozen=True):
    """Bytes: a file beside this one, a data URI, or (without either) the GLB's own chunk."""

    byte_length: Bytes
    uri: str | None = None


class Meshopt(Part, frozen=True):
    """How a view is compressed."""

    buffer: Index
    byte_length: Bytes
    byte_stride: Stride
    count: Count
    mode: Literal["ATTRIBUTES", "TRIANGLES", "INDICES"]
    byte_offset: Bytes = 0
    filter: Literal["NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL"] = "NONE"


class BufferViewExtensions(Part, frozen=True):
    """Those of a view that are read."""

    meshopt: Meshopt | None = msgspec.field(name="EXT_meshopt_compression", default=None)


class BufferView(Part, frozen=True):
    """A stretch of a buffer."""

    buffer: Index
    byte_length: Bytes
    byte_offset: Bytes = 0
    byte_stride: Stride | None = None
    extensions: BufferViewExtensions = BufferViewExtensions()


class SparseIndices(Part, frozen=True):
    """Which elements a sparse accessor changes."""

    buffer_view: Index
    component_type: int
    byte_offset: Bytes = 0


class SparseValues(Part, frozen=True):
    """What it changes them to."""

    buffer_view: Index
    byte_offset: Bytes = 0


class Sparse(Part, frozen=True):
    """Few elements that differ from the rest."""

    count: Count
    indices: SparseIndices
    values: SparseValues


class Accessor(Part, frozen=True):
    """A typed array in a view; zeros where it has none."""

    component_type: int
    count: Count
    type: str
    buffer_view: Index | None = None
    byte_offset: Bytes = 0
    normalized: bool = False
    sparse: Sparse | None = None


class Primitive(Part, frozen=True):
    """Triangles of one material."""

    attributes: dict[str, Index]
    indices: Index | None = None
    material: Index | None = None
    mode: int = 4
    targets: tuple[dict[str, Index], ...] = ()
    extras: msgspec.Raw = msgspec.Raw(b"null")


class Mesh(Part, frozen=True):
    """Primitives that move together."""

    primitives: tuple[Primitive, ...]
    name: str | None = None
    extras: msgspec.Raw = msgspec.Raw(b"null")


class MeshExtras(Part, frozen=True):
    """Where exporters put the names of morph targets."""

    target_names: tuple[str, ...] = ()


class Node(Part, frozen=True):
    """A place in the scene."""

    name: str | None = None
    children: tuple[Index, ...] = ()
    mesh: Index | None = None
    skin: Index | None = None
    matrix: Annotated[tuple[Number, ...], msgspec.Meta(min_length=16, max_length=16)] | None = None
    translation: Vector3 = (0.0, 0.0, 0.0)
    rotation: Vector4 = (0.0, 0.0, 0.0, 1.0)
    scale: Vector3 = (1.0, 1.0, 1.0)


class Scene(Part, frozen=True):
    """Its roots."""

    nodes: tuple[Index, ...] = ()


class Skin(Part, frozen=True):
    """Joints that carry a mesh."""

    joints: tuple[Index, ...]
    inverse_bind_matrices: Index | None = None


class Extensions(Part, frozen=True):
    """Those of the file that are read."""

    vrm0: Vrm0 | None = msgspec.field(name="VRM", default=None)
    vrm1: Vrm1 | None = msgspec.field(name="VRMC_vrm", default=None)


class Asset(Part, frozen=True):
    """Which glTF this is."""

    version: str


class Gltf(Part, frozen=True):
    """The file."""

    asset: Asset
    scene: Index = 0
    scenes: tuple[Scene, ...] = ()
    nodes: Annotated[tuple[Node, ...], msgspec.Meta(max_length=MOST_NODES)] = ()
    meshes: tuple[Mesh, ...] = ()
    skins: tuple[Skin, ...] = ()
    materials: tuple[Surface, ...] = ()
    textures: tuple[SampledImage, ...] = ()
    samplers: tuple[Sampler, ...] = ()
    images: tuple[EncodedImage, ...] = ()
    accessors: tuple[Accessor, ...] = ()
    buffer_views: tuple[BufferView, ...] = ()
    buffers: tuple[Buffer, ...] = ()
    extensions_required: tuple[str, ...] = ()
    extensions: Extensions = Extensions()
