"""The fragment program of the GPU renderer: the reference renderer's arithmetic, one canvas pixel at a time.

Taps and weights come as a table per axis, made by the same plan that the reference renderer uses, so that place, edge
and scale cannot differ between the two. Stored values are read one by one (``texelFetch``): hardware filtering has
eight bits of weight on most GPUs, too few for sixteen bits of value.
"""

from __future__ import annotations

#: Reads both attributes that VTK's quad brings (they agree): it warns about one that a compiler finds unused.
VERTEX = """//VTK::System::Dec
in vec4 vertexMC;
in vec2 tcoordMC;
void main()
{
  gl_Position = vec4(vertexMC.x, tcoordMC.y * 2.0 - 1.0, 0.0, 1.0);
}
"""

#: Each texel of ``columnTaps`` and ``rowTaps``: index, weight, index of the pixel under the sample, unused.
_HEAD = """//VTK::System::Dec
out vec4 fragOutput0;
uniform sampler2D slice;
uniform sampler2D columnTaps;
uniform sampler2D rowTaps;
uniform int columnTapCount;
uniform int rowTapCount;
uniform vec4 imageBox;
uniform int isTurned;

// Where this canvas pixel lies among the samples: (column sample, row sample), or negative outside the image.
ivec2 sampleAt()
{
  ivec2 canvas = ivec2(gl_FragCoord.xy) - ivec2(imageBox.xy);
  if (canvas.x < 0 || canvas.y < 0 || canvas.x >= int(imageBox.z) || canvas.y >= int(imageBox.w))
  {
    return ivec2(-1);
  }
  return isTurned != 0 ? canvas.yx : canvas;
}

// The weighted mean of the texels under a sample, as fractions of the texture's range.
vec4 meanAt(ivec2 at)
{
  vec4 total = vec4(0.0);
  for (int j = 0; j < rowTapCount; ++j)
  {
    vec4 row = texelFetch(rowTaps, ivec2(at.y, j), 0);
    vec4 across = vec4(0.0);
    for (int i = 0; i < columnTapCount; ++i)
    {
      vec4 column = texelFetch(columnTaps, ivec2(at.x, i), 0);
      across += column.g * wholeTexel(texelFetch(slice, ivec2(int(column.r), int(row.r)), 0));
    }
    total += row.g * across;
  }
  return total;
}
"""

_GREY_HEAD = """
uniform sampler2D paddingMask;
uniform sampler2D greyTable;
uniform sampler2D colours;
uniform float greatestCode;
uniform int hasPadding;
uniform int isSteep;
uniform int isColoured;
uniform float paddingGrey;

float greyOf(int code)
{
  return floor(texelFetch(greyTable, ivec2(code & 255, code >> 8), 0).r * 255.0 + 0.5);
}

float greyBetween(float code)
{
  if (isSteep == 0)
  {
    return greyOf(int(code + 0.5));
  }
  int below = int(code);
  int above = min(below + 1, int(greatestCode));
  return floor(mix(greyOf(below), greyOf(above), code - float(below)) + 0.5);
}
"""

_GREY_MAIN = """
void main()
{
  ivec2 at = sampleAt();
  if (at.x < 0)
  {
    fragOutput0 = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float grey = greyBetween(clamp(meanAt(at).r, 0.0, greatestCode));
  if (hasPadding != 0)
  {
    float column = texelFetch(columnTaps, ivec2(at.x, 0), 0).b;
    float row = texelFetch(rowTaps, ivec2(at.y, 0), 0).b;
    grey = texelFetch(paddingMask, ivec2(int(column), int(row)), 0).r > 0.0 ? paddingGrey : grey;
  }
  vec3 shown = isColoured != 0 ? texelFetch(colours, ivec2(int(grey), 0), 0).rgb : vec3(grey / 255.0);
  fragOutput0 = vec4(shown, 1.0);
}
"""

_COLOUR_MAIN = """
uniform int isInverted;
void main()
{
  ivec2 at = sampleAt();
  if (at.x < 0)
  {
    fragOutput0 = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  vec3 shown = floor(meanAt(at).rgb + 0.5) / 255.0;
  fragOutput0 = vec4(isInverted != 0 ? vec3(1.0) - shown : shown, 1.0);
}
"""

# A texel comes as a fraction of the type's range; rounding gives back the very integer that was uploaded.
_WHOLE_CODE = "vec4 wholeTexel(vec4 texel) { return floor(texel * greatestCode + 0.5); }\n"
_WHOLE_BYTE = "vec4 wholeTexel(vec4 texel) { return floor(texel * 255.0 + 0.5); }\n"

_DECLARATIONS, _FUNCTIONS = _HEAD.split("\n// Where", 1)

GREY_FRAGMENT = _DECLARATIONS + _GREY_HEAD + _WHOLE_CODE + "\n// Where" + _FUNCTIONS + _GREY_MAIN
COLOUR_FRAGMENT = _DECLARATIONS + "\n" + _WHOLE_BYTE + "\n// Where" + _FUNCTIONS + _COLOUR_MAIN
