//! The code pages that a Windows console writes to a redirected file in western countries: 437 and 850. Every byte is a character, so
//! nothing can fail.

/// A code page of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// 437: United States.
    Cp437,
    /// 850: western Europe.
    Cp850,
}

/// The characters from 0x80 on.
const CP437: &str =
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

impl CodePage {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            CodePage::Cp437 => "IBM437",
            CodePage::Cp850 => "IBM850",
        }
    }

    /// Finds a code page by the names in use: `437`, `cp437`, `ibm437`, `oem-437`.
    pub fn for_label(label: &str) -> Option<CodePage> {
        let label = label.trim().to_ascii_lowercase();
        let number = ["cp", "ibm", "oem"].iter().find_map(|prefix| label.strip_prefix(prefix)).unwrap_or(&label);
        match number.trim_start_matches(['-', '_']) {
            "437" => Some(CodePage::Cp437),
            "850" => Some(CodePage::Cp850),
            _ => None,
        }
    }

    /// Decodes `bytes`.
    pub fn decode(self, bytes: &[u8]) -> String {
        let upper: Vec<char> = match self {
            CodePage::Cp437 => CP437,
            CodePage::Cp850 => CP850,
        }
        .chars()
        .collect();
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
        text.extend(bytes.iter().map(|byte| match byte.checked_sub(0x80) {
            None => char::from(*byte),
            Some(index) => upper.get(usize::from(index)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        }));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(page: CodePage, byte: u8) -> String {
        page.decode(&[byte])
    }

    #[test]
    fn both_tables_have_a_character_for_every_byte() {
        for (page, table) in [(CodePage::Cp437, CP437), (CodePage::Cp850, CP850)] {
            assert_eq!(table.chars().count(), 128, "{page:?}");
            let all: Vec<u8> = (0..=255).collect();
            let decoded = page.decode(&all);
            assert_eq!(decoded.chars().count(), 256);
            assert!(!decoded.contains(char::REPLACEMENT_CHARACTER));
            let mut distinct: Vec<char> = decoded.chars().collect();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), 256, "{page:?} has a character twice");
        }
    }

    #[test]
    fn the_letters_stand_where_the_charts_have_them() {
        for page in [CodePage::Cp437, CodePage::Cp850] {
            for (byte, letter) in
                [(0x81, "ü"), (0x82, "é"), (0x84, "ä"), (0x87, "ç"), (0x94, "ö"), (0xa4, "ñ"), (0xe1, "ß"), (0xf8, "°"), (0xfe, "■")]
            {
                assert_eq!(one(page, byte), letter, "{page:?} {byte:#x}");
            }
        }
        assert_eq!((one(CodePage::Cp437, 0x9b), one(CodePage::Cp850, 0x9b)), ("¢".to_owned(), "ø".to_owned()));
        assert_eq!((one(CodePage::Cp437, 0xb7), one(CodePage::Cp850, 0xb7)), ("╖".to_owned(), "À".to_owned()));
        assert_eq!((one(CodePage::Cp437, 0xe9), one(CodePage::Cp850, 0xe9)), ("Θ".to_owned(), "Ú".to_owned()));
        assert_eq!((one(CodePage::Cp437, 0xd2), one(CodePage::Cp850, 0xd2)), ("╥".to_owned(), "Ê".to_owned()));
        assert_eq!(one(CodePage::Cp850, 0xd5), "ı");
    }

    #[test]
    fn a_code_page_has_several_names() {
        for label in ["437", "cp437", "CP437", "ibm437", "IBM-437", "oem437", "cp_437"] {
            assert_eq!(CodePage::for_label(label), Some(CodePage::Cp437), "{label}");
        }
        assert_eq!(CodePage::for_label("cp850"), Some(CodePage::Cp850));
        for label in ["cp866", "cpibm437", "cp4370", ""] {
            assert_eq!(CodePage::for_label(label), None, "{label}");
        }
    }
}
