//! ZIP prefixes: which state, and about where.

use super::Code2;

/// What is known about the first three digits of a ZIP code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Zip3 {
    /// The state or territory.
    pub(crate) state: Code2,
    /// Degrees north.
    latitude: f32,
    /// Degrees east.
    longitude: f32,
}

impl Zip3 {
    /// Degrees north and east in hundred thousandths.
    pub(crate) fn position(&self) -> (i64, i64) {
        let scaled = |degrees: f32| (f64::from(degrees) * 100_000.0) as i64;
        (scaled(self.latitude), scaled(self.longitude))
    }

    /// Miles between two prefixes, on a plane that is stretched for their latitude.
    pub(crate) fn miles_to(&self, other: &Self) -> f32 {
        const MILES_PER_DEGREE: f32 = 69.0;
        // At the middle of both latitudes, as degrees of longitude shrink to the north.
        let north = (self.latitude - other.latitude) * MILES_PER_DEGREE;
        let middle = (self.latitude + other.latitude) / 2.0;
        let east =
            (self.longitude - other.longitude) * MILES_PER_DEGREE * middle.to_radians().cos();
        (north * north + east * east).sqrt()
    }
}

/// What is known about a prefix; `None` when it is not in use.
pub(crate) fn zip3(prefix: u16) -> Option<Zip3> {
    // The runs ascend, so the first that ends at or after the prefix is the only candidate.
    let at = RUNS.partition_point(|run| run.last < prefix);
    // Prefixes between two runs are not in use.
    let run = RUNS.get(at).filter(|run| run.first <= prefix)?;
    // At least one, as a run of a single prefix would divide by zero.
    let span = f32::from(run.last - run.first).max(1.0);
    let along = f32::from(prefix - run.first) / span;
    Some(Zip3 {
        state: Code2::of(run.state),
        latitude: run.from.0 + (run.to.0 - run.from.0) * along,
        longitude: run.from.1 + (run.to.1 - run.from.1) * along,
    })
}

/// Neighbouring prefixes of one state, laid out between two points.
struct Run {
    first: u16,
    last: u16,
    state: [u8; 2],
    from: (f32, f32),
    to: (f32, f32),
}

const fn run(first: u16, last: u16, state: [u8; 2], from: (f32, f32), to: (f32, f32)) -> Run {
    Run {
        first,
        last,
        state,
        from,
        to,
    }
}

/// In ascending order and without overlap; `prefix_runs_are_ordered` checks it.
#[rustfmt::skip]
const RUNS: &[Run] = &[
    run(5, 5, *b"NY", (40.8, -73.0), (40.8, -73.0)),
    run(6, 7, *b"PR", (18.2, -66.9), (18.2, -66.1)),
    run(8, 8, *b"VI", (18.3, -64.9), (18.3, -64.9)),
    run(9, 9, *b"PR", (18.4, -66.1), (18.4, -66.1)),
    run(10, 17, *b"MA", (42.1, -72.6), (42.3, -71.8)),
    run(18, 27, *b"MA", (42.6, -71.2), (41.7, -70.6)),
    run(28, 29, *b"RI", (41.6, -71.5), (41.8, -71.4)),
    run(30, 38, *b"NH", (42.9, -71.4), (43.3, -71.0)),
    run(39, 49, *b"ME", (43.2, -70.7), (44.8, -69.4)),
    run(50, 54, *b"VT", (43.7, -72.4), (44.5, -73.1)),
    run(55, 55, *b"MA", (42.6, -71.2), (42.6, -71.2)),
    run(56, 59, *b"VT", (44.2, -72.6), (44.6, -72.0)),
    run(60, 69, *b"CT", (41.8, -72.7), (41.1, -73.5)),
    run(70, 79, *b"NJ", (40.7, -74.2), (40.8, -74.5)),
    run(80, 89, *b"NJ", (39.9, -75.0), (40.4, -74.4)),
    run(90, 98, *b"AE", (50.0, 8.0), (50.0, 8.0)),
    run(100, 119, *b"NY", (40.7, -74.0), (40.8, -72.9)),
    run(120, 139, *b"NY", (42.7, -73.8), (42.6, -76.0)),
    run(140, 149, *b"NY", (42.9, -78.8), (42.1, -76.9)),
    run(150, 168, *b"PA", (40.4, -80.0), (40.8, -77.9)),
    run(169, 196, *b"PA", (41.2, -77.3), (40.2, -75.6)),
    run(197, 199, *b"DE", (39.7, -75.6), (39.1, -75.5)),
    run(200, 200, *b"DC", (38.9, -77.0), (38.9, -77.0)),
    run(201, 201, *b"VA", (38.9, -77.5), (38.9, -77.5)),
    run(202, 205, *b"DC", (38.9, -77.0), (38.9, -77.0)),
    run(206, 219, *b"MD", (38.8, -76.9), (39.4, -77.0)),
    run(220, 232, *b"VA", (38.8, -77.2), (37.5, -77.4)),
    run(233, 246, *b"VA", (36.9, -76.3), (37.1, -81.0)),
    run(247, 268, *b"WV", (37.5, -81.1), (39.3, -79.5)),
    run(270, 279, *b"NC", (36.1, -80.3), (35.9, -78.0)),
    run(280, 289, *b"NC", (35.3, -80.8), (35.5, -82.6)),
    run(290, 299, *b"SC", (34.0, -81.0), (32.4, -80.8)),
    run(300, 319, *b"GA", (33.9, -84.3), (32.1, -83.9)),
    run(320, 329, *b"FL", (30.2, -81.9), (28.3, -81.2)),
    run(330, 334, *b"FL", (25.9, -80.3), (26.6, -80.1)),
    run(335, 339, *b"FL", (28.0, -82.4), (26.6, -81.9)),
    run(340, 340, *b"AA", (25.8, -80.3), (25.8, -80.3)),
    run(341, 349, *b"FL", (26.2, -81.8), (27.4, -80.4)),
    run(350, 369, *b"AL", (33.5, -86.8), (32.2, -87.4)),
    run(370, 385, *b"TN", (36.1, -86.7), (36.0, -86.0)),
    run(386, 397, *b"MS", (34.6, -89.9), (31.3, -89.3)),
    run(398, 399, *b"GA", (31.0, -84.2), (33.7, -84.4)),
    run(400, 427, *b"KY", (38.2, -85.7), (37.3, -86.0)),
    run(430, 449, *b"OH", (40.0, -83.0), (41.0, -81.3)),
    run(450, 459, *b"OH", (39.2, -84.5), (40.5, -84.1)),
    run(460, 479, *b"IN", (40.0, -86.2), (40.4, -87.0)),
    run(480, 489, *b"MI", (42.5, -83.2), (42.8, -84.5)),
    run(490, 499, *b"MI", (42.3, -85.6), (46.4, -87.5)),
    run(500, 528, *b"IA", (41.7, -93.6), (41.4, -91.0)),
    run(530, 549, *b"WI", (43.0, -88.0), (44.5, -89.6)),
    run(550, 567, *b"MN", (44.9, -93.2), (47.5, -95.0)),
    run(569, 569, *b"DC", (38.9, -77.0), (38.9, -77.0)),
    run(570, 577, *b"SD", (43.5, -96.7), (44.0, -103.0)),
    run(580, 588, *b"ND", (46.9, -96.8), (48.2, -103.0)),
    run(590, 599, *b"MT", (45.8, -108.5), (47.5, -113.5)),
    run(600, 609, *b"IL", (42.0, -88.0), (41.6, -87.7)),
    run(610, 629, *b"IL", (41.8, -89.6), (38.2, -89.0)),
    run(630, 639, *b"MO", (38.6, -90.4), (37.0, -89.9)),
    run(640, 658, *b"MO", (39.1, -94.5), (37.2, -93.3)),
    run(660, 679, *b"KS", (39.0, -95.0), (37.6, -99.6)),
    run(680, 693, *b"NE", (41.2, -96.1), (42.0, -103.0)),
    run(700, 714, *b"LA", (29.9, -90.2), (32.3, -93.3)),
    run(716, 729, *b"AR", (34.3, -92.0), (35.2, -94.0)),
    run(730, 732, *b"OK", (35.3, -97.6), (34.3, -97.3)),
    run(733, 733, *b"TX", (30.3, -97.7), (30.3, -97.7)),
    run(734, 749, *b"OK", (34.3, -97.2), (35.5, -95.6)),
    run(750, 769, *b"TX", (32.9, -96.8), (31.5, -99.0)),
    run(770, 785, *b"TX", (29.8, -95.4), (27.6, -97.6)),
    run(786, 799, *b"TX", (30.3, -97.8), (31.8, -105.5)),
    run(800, 816, *b"CO", (39.8, -105.0), (39.0, -107.9)),
    run(820, 831, *b"WY", (41.5, -105.0), (43.0, -109.5)),
    run(832, 838, *b"ID", (43.3, -113.0), (46.8, -116.7)),
    run(840, 847, *b"UT", (40.8, -111.9), (38.0, -112.3)),
    run(850, 865, *b"AZ", (33.5, -112.1), (34.9, -112.4)),
    run(870, 884, *b"NM", (35.2, -106.6), (33.3, -105.2)),
    run(885, 885, *b"TX", (31.8, -106.4), (31.8, -106.4)),
    run(889, 891, *b"NV", (36.2, -115.2), (36.2, -115.1)),
    run(893, 893, *b"NV", (39.2, -114.9), (39.2, -114.9)),
    run(894, 897, *b"NV", (39.5, -119.8), (39.2, -119.7)),
    run(898, 898, *b"NV", (40.8, -115.8), (40.8, -115.8)),
    run(900, 918, *b"CA", (34.0, -118.3), (34.1, -117.6)),
    run(919, 928, *b"CA", (32.8, -117.1), (33.8, -117.8)),
    run(930, 939, *b"CA", (34.3, -119.2), (36.7, -121.5)),
    run(940, 949, *b"CA", (37.6, -122.4), (38.0, -122.3)),
    run(950, 961, *b"CA", (37.1, -121.7), (39.9, -121.2)),
    run(962, 966, *b"AP", (35.0, 135.0), (35.0, 135.0)),
    run(967, 968, *b"HI", (21.3, -157.9), (21.3, -157.8)),
    run(969, 969, *b"GU", (13.5, 144.8), (13.5, 144.8)),
    run(970, 979, *b"OR", (45.4, -122.7), (44.0, -118.5)),
    run(980, 989, *b"WA", (47.6, -122.2), (46.6, -120.5)),
    run(990, 994, *b"WA", (47.6, -117.7), (46.5, -117.2)),
    run(995, 999, *b"AK", (61.2, -149.8), (57.0, -135.0)),
];

#[cfg(test)]
mod tests {
    use super::{RUNS, zip3};

    #[test]
    fn prefix_runs_are_ordered() {
        assert!(RUNS.iter().all(|run| run.first <= run.last));
        assert!(RUNS.windows(2).all(|pair| pair[0].last < pair[1].first));
    }

    #[test]
    fn distances_are_believable() {
        let miles = |from: u16, to: u16| {
            let (from, to) = (zip3(from).expect("in use"), zip3(to).expect("in use"));
            from.miles_to(&to)
        };
        assert!(
            (400.0..650.0).contains(&miles(277, 328)),
            "{}",
            miles(277, 328)
        );
        assert!(
            (2300.0..2800.0).contains(&miles(100, 900)),
            "{}",
            miles(100, 900)
        );
        assert!(
            (100.0..300.0).contains(&miles(895, 941)),
            "{}",
            miles(895, 941)
        );
        assert!(miles(606, 606) < 1.0);
    }
}
