//! The pictures of the documents: `WAYBILL_SCREENSHOTS=1` writes them into `docs/images`. `WAYBILL_GALLERY=FOLDER`
//! writes every page into a folder, in both themes and as a phone shows it, for who wants to look at all of them.

use super::{
    pages::{PAGES, Page},
    world::{UiWorld, browser, reads},
};
use serde_json::json;
use std::{collections::HashMap, env, fs, path::Path};
use tests::{Browser, Look, MERCHANT, root};

/// The pictures: name, page, look.
const PICTURES: &[(&str, &str, Look)] = &[
    ("overview", "/ui", Look::DESK),
    ("accounts-phone", "/ui/accounts", Look::PHONE),
    ("account", "/ui/accounts/north", Look::DESK.high(1000)),
    ("requests-dark", "/ui/requests", Look::DESK.dark()),
];

/// Colours of a palette.
const COLOURS: usize = 96;
/// The least distance of two of them: the rare ones are states, and the frequent ones are edges of letters.
const DISTANCE: u32 = 150;

#[tokio::test]
async fn pictures_of_the_documents_are_made() {
    let wanted = env::var_os("WAYBILL_SCREENSHOTS").is_some();
    if !wanted {
        return;
    }
    let browser = browser(true).await.expect("pictures need a browser");
    let world = UiWorld::start().await;
    world.sign_in(&browser).await;
    invitation(&browser, &world).await;
    browser.open(&world.url("/ui/accounts/north")).await;
    browser.look(Look::PHONE).await;
    browser.click("form[action$='/connect'] button").await;
    reads(&browser, "Go to the carrier").await;
    keep(&browser, "ui-connect-phone").await;
    browser.click("a[rel=noreferrer]").await;
    browser.type_into("#user", MERCHANT.0).await;
    browser.type_into("#password", MERCHANT.1).await;
    browser.click("#sign-in").await;
    browser.click("#approve").await;
    reads(&browser, "now uses the new login").await;
    for (name, page, look) in PICTURES {
        browser.look(*look).await;
        browser.open(&world.url(page)).await;
        keep(&browser, &format!("ui-{name}")).await;
    }
    browser.look(Look::DESK.dark().high(1100)).await;
    let mock = world.world.mock.base_url();
    browser.open(&format!("{mock}/")).await;
    reads(&browser, "mock-client").await;
    keep(&browser, "mock-page-dark").await;
}

/// What the owner of a branch sees on a phone.
async fn invitation(browser: &Browser, world: &UiWorld) {
    let south = json!({
        "name": "south", "carrier": "ups", "environment": "test", "grant": "authorization_code",
        "client_id": "mock-client", "client_secrets": ["mock-secret"], "numbers": ["A1B2C3"],
    });
    world.operator.post("accounts", south).await;
    let invitation = json!({ "account": "north", "also": ["south"], "days": 3 });
    let made = world.operator.post("invitations", invitation).await;
    browser.look(Look::PHONE.high(960)).await;
    browser.open(made["link"].as_str().expect("a link")).await;
    browser.click("form button.primary").await;
    reads(browser, "for 0 of 2 accounts").await;
    keep(browser, "ui-invitation-phone").await;
}

#[tokio::test]
async fn gallery_of_all_pages_is_made() {
    let Some(folder) = env::var_os("WAYBILL_GALLERY") else {
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder");
    let browser = browser(true).await.expect("pictures need a browser");
    let world = UiWorld::start().await;
    world.sign_in(&browser).await;
    let looks = [
        ("light", Look::DESK.high(1400)),
        ("dark", Look::DESK.dark().high(1400)),
        ("phone", Look::PHONE.high(2000)),
    ];
    for (kind, look) in looks {
        // Before the page: a change of colours takes a moment.
        browser.look(look).await;
        for (at, Page(path, _)) in PAGES.iter().enumerate() {
            browser.open(&world.page(path).await).await;
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let name: String = path.chars().map(plain).collect();
            let image = with_palette(&browser.screenshot().await);
            let file = folder.join(format!("{at:02}{name}-{kind}.png"));
            fs::write(file, image).expect("the folder is there");
        }
    }
}

async fn keep(browser: &Browser, name: &str) {
    let folder = root().join("docs/images");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let image = with_palette(&browser.screenshot().await);
    fs::write(folder.join(format!("{name}.png")), image).expect("the folder is there");
}

/// The same picture with few colours, which is a third of the size.
fn with_palette(image: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(image));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let frame = reader.next_frame(&mut pixels).expect("a whole picture");
    let step = frame.color_type.samples();
    let colours = pixels.chunks_exact(step).map(|it| [it[0], it[1], it[2]]);
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for colour in colours.clone() {
        *counts.entry(colour).or_default() += 1;
    }
    let mut sorted: Vec<[u8; 3]> = counts.keys().copied().collect();
    // By its value as well, so that the same page gives the same file.
    sorted.sort_by_key(|it| (std::cmp::Reverse(counts[it]), *it));
    let palette = distinct(&sorted);
    let nearest = |colour: &[u8; 3]| {
        let near = palette.iter().enumerate();
        let found = near.min_by_key(|(_, other)| distance(colour, other));
        u8::try_from(found.expect("a picture has a colour").0).expect("few colours")
    };
    let known: HashMap<[u8; 3], u8> = counts.keys().map(|it| (*it, nearest(it))).collect();
    let indexes: Vec<u8> = colours.map(|colour| known[&colour]).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, frame.width, frame.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().expect("it goes to memory");
    writer
        .write_image_data(&indexes)
        .expect("it goes to memory");
    writer.finish().expect("it goes to memory");
    file
}

/// The first colours that differ enough from each other.
fn distinct(sorted: &[[u8; 3]]) -> Vec<[u8; 3]> {
    let mut chosen: Vec<[u8; 3]> = Vec::new();
    for colour in sorted {
        if chosen.len() < COLOURS && chosen.iter().all(|it| distance(it, colour) >= DISTANCE) {
            chosen.push(*colour);
        }
    }
    chosen
}

fn distance(one: &[u8; 3], other: &[u8; 3]) -> u32 {
    let each = one.iter().zip(other);
    each.map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2))
        .sum()
}
