//! What stands where on the pages of a PDF.

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt,
    font::{Glyph, GlyphRun},
    hayro_cmap::BfString,
    hayro_syntax::{Pdf, page::Page},
    interpret_page,
    kurbo::{Affine, BezPath, Point, Rect, Vec2},
};

use crate::Deadline;

/// Glyphs of a font are drawn in a square of this size.
const UNITS_PER_EM: f64 = 1000.0;
/// More glyphs on a page are a drawing. Also keeps an absurd page from filling the memory.
const MAX_GLYPHS: usize = 500_000;

/// A page's glyphs, in the order in which they are drawn.
pub(crate) struct Glyphs {
    pub(crate) height: f64,
    pub(crate) placed: Vec<Placed>,
}

/// In points, from the top left of the page.
pub(crate) struct Placed {
    pub(crate) text: String,
    pub(crate) x: f64,
    /// Where the next one would begin.
    pub(crate) end: f64,
    pub(crate) baseline: f64,
    pub(crate) size: f64,
}

pub(crate) fn pages(pdf: &Pdf, deadline: Deadline) -> impl Iterator<Item = Glyphs> {
    let cache = InterpreterCache::new();
    pdf.pages().iter().map(move |page| {
        let (_, height) = page.render_dimensions();
        let mut device = Collector { glyphs: Glyphs { height: f64::from(height), placed: Vec::new() }, deadline };
        let mut context = Context::new(
            transform(page),
            Rect::new(0.0, 0.0, 1.0, 1.0),
            &cache,
            pdf.xref(),
            InterpreterSettings::default(),
        );
        interpret_page(page, &mut context, &mut device);
        device.glyphs
    })
}

fn transform(page: &Page<'_>) -> Affine {
    page.initial_transform(true).to_kurbo()
}

/// Drawings that contain drawings twice, forty levels deep, are drawn for ever: each callback looks at the clock.
struct Collector {
    glyphs: Glyphs,
    deadline: Deadline,
}

impl<'a> Device<'a> for Collector {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.deadline.unwind_if_over();
        for glyph in run.glyphs() {
            if self.glyphs.placed.len() >= MAX_GLYPHS {
                return;
            }
            let Some(text) = glyph.as_unicode() else { continue };
            let text = match text {
                BfString::Char(char) => char.to_string(),
                BfString::String(text) => text,
            };
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawing) => drawing.advance_width(),
            };
            let transform = props.transform * glyph.transform();
            let start = transform * Point::ZERO;
            let forward = transform * Point::new(f64::from(advance.unwrap_or(500.0)), 0.0) - start;
            let size = (transform * Point::new(0.0, UNITS_PER_EM) - start).hypot();
            // Text that runs up the margin, or a stamp across the page, is read by nobody.
            let placed = Placed { text, x: start.x, end: start.x + forward.x, baseline: start.y, size };
            if is_upright(forward) && placed.is_finite() {
                self.glyphs.placed.push(placed);
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.deadline.unwind_if_over();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.deadline.unwind_if_over();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

impl Placed {
    fn is_finite(&self) -> bool {
        [self.x, self.end, self.baseline, self.size].iter().all(|number| number.is_finite())
    }
}

fn is_upright(forward: Vec2) -> bool {
    forward.x >= 0.0 && forward.y.abs() <= forward.x.abs() * 0.2 + f64::EPSILON
}
