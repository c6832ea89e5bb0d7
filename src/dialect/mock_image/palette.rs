//! The colors of the landscapes, chosen by hand.

/// Red, green and blue.
pub(crate) type Color = [u8; 3];

/// One mood: a time of day in some season.
pub(crate) struct Palette {
    /// The sky overhead.
    pub(crate) top: Color,
    /// The sky half-way down.
    pub(crate) middle: Color,
    /// The sky behind the farthest range; mist has this color too.
    pub(crate) horizon: Color,
    /// The sun or the moon.
    pub(crate) light: Color,
    /// The farthest range.
    pub(crate) far: Color,
    /// The nearest range.
    pub(crate) near: Color,
    /// True for stars, and a moon instead of a sun.
    pub(crate) night: bool,
    /// True where the picture may be of a desert.
    pub(crate) warm: bool,
}

const fn palette(sky: [u32; 3], light: u32, land: [u32; 2]) -> Palette {
    Palette {
        top: rgb(sky[0]),
        middle: rgb(sky[1]),
        horizon: rgb(sky[2]),
        light: rgb(light),
        far: rgb(land[0]),
        near: rgb(land[1]),
        night: false,
        warm: false,
    }
}

const fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    [red, green, blue]
}

/// All moods.
pub(crate) static ALL: [Palette; 12] = [
    // Dawn in rose and blue.
    palette([0x0031_4474, 0x00B0_83A8, 0x00FF_C59B], 0x00FF_F3D6, [0x00C1_8C9C, 0x001E_2747]),
    // A golden afternoon.
    Palette {
        warm: true,
        ..palette([0x0048_6F9C, 0x00B9_B7A5, 0x00FF_DDA3], 0x00FF_F6DA, [0x00DF_A27C, 0x0043_2A35])
    },
    // A clear night.
    Palette {
        night: true,
        ..palette([0x0008_0D2B, 0x001A_2758, 0x0047_5B9C], 0x00F6_F2DC, [0x003A_4A87, 0x0006_0A1E])
    },
    // A morning in early summer.
    palette([0x003F_97C4, 0x0093_CBDB, 0x00E3_F4E4], 0x00FF_FCE6, [0x0095_CBB8, 0x000E_4139]),
    // A sunset in magenta.
    palette([0x002B_1A52, 0x00A2_2F6F, 0x00FF_9258], 0x00FF_E391, [0x0091_346E, 0x0018_0E2D]),
    // Noon in the desert.
    Palette {
        warm: true,
        ..palette([0x0054_AEC4, 0x00A5_D6D3, 0x00FD_EBCB], 0x00FF_FFF4, [0x00EF_BC84, 0x0090_3E24])
    },
    // Autumn.
    palette([0x0084_ADC6, 0x00C4_CFCB, 0x00FB_E6C6], 0x00FF_F7E2, [0x00DE_A867, 0x0058_1D1A]),
    // Northern winter at dusk.
    Palette {
        night: true,
        ..palette([0x0004_1424, 0x000C_3A4B, 0x003B_8C88], 0x00E9_FBEF, [0x0022_6A6E, 0x0002_0D14])
    },
    // Lavender.
    palette([0x0072_66B0, 0x00B9_9ACB, 0x00FA_D9DF], 0x00FF_F6EE, [0x00BF_A0CC, 0x0036_2650]),
    // Blue hours.
    palette([0x000E_4569, 0x0056_93B5, 0x00B9_DFE8], 0x00F8_FDFF, [0x0068_A9C4, 0x0001_2742]),
    // The red planet.
    Palette {
        warm: true,
        ..palette([0x0039_1A2C, 0x009A_3F38, 0x00F4_A261], 0x00FF_E8C2, [0x00C8_6A45, 0x002C_0F16])
    },
    // Spring, green on cream.
    palette([0x0079_BFB2, 0x00BF_DFC4, 0x00FB_F3D4], 0x00FF_B36B, [0x00A9_CF9A, 0x001F_4E3D]),
];

/// `share` (0 to 1) of `second` mixed into `first`.
pub(crate) fn mix(first: Color, second: Color, share: f32) -> Color {
    // In whole numbers of 256ths: this runs for each pixel of a sky.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 0..=256 right here")]
    let share = (share.clamp(0.0, 1.0) * 256.0) as i32;
    let channel = |at: usize| {
        let (a, b) = (i32::from(first[at]), i32::from(second[at]));
        u8::try_from(a + (((b - a) * share) >> 8)).unwrap_or(u8::MAX)
    };
    [channel(0), channel(1), channel(2)]
}
