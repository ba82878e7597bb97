#include "services/codes/folded_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace psm {
namespace {

// Old and variant forms -> the common one, sorted by the former. 常用漢字表's
// 康熙字典体 and what 人名用漢字, family and place names add.
struct Variant {
  char32_t written;
  char32_t common;
};
constexpr Variant kVariants[] = {
    {U'亙', U'亘'},  {U'亞', U'亜'},  {U'佛', U'仏'},  {U'來', U'来'},
    {U'假', U'仮'},  {U'傳', U'伝'},  {U'僞', U'偽'},  {U'兒', U'児'},
    {U'凉', U'涼'},  {U'區', U'区'},  {U'參', U'参'},  {U'吳', U'呉'},
    {U'嚴', U'厳'},  {U'囘', U'回'},  {U'國', U'国'},  {U'圓', U'円'},
    {U'圖', U'図'},  {U'團', U'団'},  {U'埜', U'野'},  {U'堯', U'尭'},
    {U'壓', U'圧'},  {U'壯', U'壮'},  {U'壱', U'一'},  {U'壹', U'一'},
    {U'壽', U'寿'},  {U'奧', U'奥'},  {U'學', U'学'},  {U'實', U'実'},
    {U'寬', U'寛'},  {U'寳', U'宝'},  {U'寶', U'宝'},  {U'將', U'将'},
    {U'專', U'専'},  {U'對', U'対'},  {U'峯', U'峰'},  {U'峽', U'峡'},
    {U'嵜', U'崎'},  {U'嶋', U'島'},  {U'嶌', U'島'},  {U'嶽', U'岳'},
    {U'巖', U'岩'},  {U'巢', U'巣'},  {U'帶', U'帯'},  {U'廣', U'広'},
    {U'廳', U'庁'},  {U'弌', U'一'},  {U'弍', U'二'},  {U'弐', U'二'},
    {U'彌', U'弥'},  {U'從', U'従'},  {U'德', U'徳'},  {U'惠', U'恵'},
    {U'應', U'応'},  {U'戰', U'戦'},  {U'戶', U'戸'},  {U'敎', U'教'},
    {U'數', U'数'},  {U'斉', U'斎'},  {U'斷', U'断'},  {U'昻', U'昂'},
    {U'晉', U'晋'},  {U'曉', U'暁'},  {U'曾', U'曽'},  {U'會', U'会'},
    {U'桒', U'桑'},  {U'桧', U'檜'},  {U'條', U'条'},  {U'榮', U'栄'},
    {U'槇', U'槙'},  {U'樂', U'楽'},  {U'樣', U'様'},  {U'橫', U'横'},
    {U'檢', U'検'},  {U'櫻', U'桜'},  {U'權', U'権'},  {U'歸', U'帰'},
    {U'氣', U'気'},  {U'淺', U'浅'},  {U'渕', U'淵'},  {U'溫', U'温'},
    {U'滿', U'満'},  {U'澁', U'渋'},  {U'澤', U'沢'},  {U'濱', U'浜'},
    {U'瀧', U'滝'},  {U'瀨', U'瀬'},  {U'灣', U'湾'},  {U'燈', U'灯'},
    {U'燒', U'焼'},  {U'營', U'営'},  {U'爲', U'為'},  {U'狹', U'狭'},
    {U'獨', U'独'},  {U'瑤', U'瑶'},  {U'當', U'当'},  {U'發', U'発'},
    {U'眞', U'真'},  {U'碕', U'崎'},  {U'礦', U'鉱'},  {U'祿', U'禄'},
    {U'禮', U'礼'},  {U'穎', U'頴'},  {U'竜', U'龍'},  {U'篭', U'籠'},
    {U'絲', U'糸'},  {U'經', U'経'},  {U'綠', U'緑'},  {U'縣', U'県'},
    {U'總', U'総'},  {U'繩', U'縄'},  {U'聲', U'声'},  {U'與', U'与'},
    {U'舊', U'旧'},  {U'莊', U'荘'},  {U'萬', U'万'},  {U'葊', U'庵'},
    {U'蔣', U'蒋'},  {U'蕊', U'蘂'},  {U'薗', U'園'},  {U'薮', U'藪'},
    {U'藏', U'蔵'},  {U'藝', U'芸'},  {U'藥', U'薬'},  {U'螢', U'蛍'},
    {U'衞', U'衛'},  {U'裝', U'装'},  {U'覺', U'覚'},  {U'證', U'証'},
    {U'讀', U'読'},  {U'變', U'変'},  {U'豐', U'豊'},  {U'賴', U'頼'},
    {U'轉', U'転'},  {U'辯', U'弁'},  {U'邉', U'辺'},  {U'邊', U'辺'},
    {U'郞', U'郎'},  {U'醫', U'医'},  {U'釋', U'釈'},  {U'鐵', U'鉄'},
    {U'鑛', U'鉱'},  {U'關', U'関'},  {U'隨', U'随'},  {U'隱', U'隠'},
    {U'靜', U'静'},  {U'顏', U'顔'},  {U'髙', U'高'},  {U'鬪', U'闘'},
    {U'鶯', U'鴬'},  {U'鷄', U'鶏'},  {U'鹽', U'塩'},  {U'麥', U'麦'},
    {U'黃', U'黄'},  {U'黑', U'黒'},  {U'點', U'点'},  {U'齊', U'斎'},
    {U'齋', U'斎'},  {U'齒', U'歯'},  {U'龜', U'亀'},  {0xF91D, U'欄'},
    {0xF928, U'廊'}, {0xF929, U'朗'}, {0xF936, U'虜'}, {0xF9DC, U'隆'},
    {0xFA10, U'塚'}, {0xFA11, U'崎'}, {0xFA12, U'晴'}, {0xFA15, U'凞'},
    {0xFA16, U'猪'}, {0xFA17, U'益'}, {0xFA18, U'礼'}, {0xFA19, U'神'},
    {0xFA1A, U'祥'}, {0xFA1B, U'福'}, {0xFA1C, U'靖'}, {0xFA1D, U'精'},
    {0xFA1E, U'羽'}, {0xFA20, U'蘒'}, {0xFA22, U'諸'}, {0xFA25, U'逸'},
    {0xFA26, U'都'}, {0xFA2A, U'飯'}, {0xFA2B, U'飼'}, {0xFA2C, U'館'},
    {0xFA2D, U'鶴'}, {0xFA2E, U'郎'}, {0xFA2F, U'隷'}, {0xFA30, U'侮'},
    {0xFA31, U'僧'}, {0xFA32, U'免'}, {0xFA33, U'勉'}, {0xFA34, U'勤'},
    {0xFA35, U'卑'}, {0xFA36, U'喝'}, {0xFA37, U'嘆'}, {0xFA38, U'器'},
    {0xFA39, U'塀'}, {0xFA3A, U'墨'}, {0xFA3B, U'層'}, {0xFA3C, U'屮'},
    {0xFA3D, U'悔'}, {0xFA3E, U'慨'}, {0xFA3F, U'憎'}, {0xFA40, U'懲'},
    {0xFA41, U'敏'}, {0xFA42, U'既'}, {0xFA43, U'暑'}, {0xFA44, U'梅'},
    {0xFA45, U'海'}, {0xFA46, U'渚'}, {0xFA47, U'漢'}, {0xFA48, U'煮'},
    {0xFA49, U'爫'}, {0xFA4A, U'琢'}, {0xFA4B, U'碑'}, {0xFA4C, U'社'},
    {0xFA4D, U'祉'}, {0xFA4E, U'祈'}, {0xFA4F, U'祐'}, {0xFA50, U'祖'},
    {0xFA51, U'祝'}, {0xFA52, U'禍'}, {0xFA53, U'禎'}, {0xFA54, U'穀'},
    {0xFA55, U'突'}, {0xFA56, U'節'}, {0xFA57, U'練'}, {0xFA58, U'縉'},
    {0xFA59, U'繁'}, {0xFA5A, U'署'}, {0xFA5B, U'者'}, {0xFA5C, U'臭'},
    {0xFA5D, U'艹'}, {0xFA5E, U'艹'}, {0xFA5F, U'著'}, {0xFA60, U'褐'},
    {0xFA61, U'視'}, {0xFA62, U'謁'}, {0xFA63, U'謹'}, {0xFA64, U'賓'},
    {0xFA65, U'贈'}, {0xFA66, U'辶'}, {0xFA67, U'逸'}, {0xFA68, U'難'},
    {0xFA69, U'響'}, {0xFA6A, U'頻'}, {0xFA6B, U'恵'}, {0xFA6C, U'𤋮'},
    {0xFA6D, U'舘'},
};

// One character that stands for several.
struct Spelling {
  char32_t written;
  const char32_t* meant;
};
constexpr Spelling kSpellings[] = {
    {U'㈱', U"(株)"}, {U'㈲', U"(有)"}, {U'㈳', U"(社)"},     {U'㈶', U"(財)"},
    {U'㈻', U"(学)"}, {U'㈴', U"(名)"}, {U'㍿', U"株式会社"}, {U'№', U"no."},
};

// Half-width kana U+FF66 (wo) to U+FF9D (n), in full width and large.
constexpr char32_t kHalfWidth[] =
    U"ヲアイウエオヤユヨツーアイウエオカキクケコサシスセソタチツテトナニヌネノ"
    U"ハヒフヘホマミムメモヤユヨラリルレロワン";
constexpr char32_t kFirstHalfWidth = 0xFF66;
constexpr char32_t kLastHalfWidth = 0xFF9D;
static_assert(std::size(kHalfWidth) - 1 ==
              kLastHalfWidth - kFirstHalfWidth + 1);

// Katakana that may carry a mark: ka to to, ha to ho; u.
constexpr char32_t kVoiceable[] = U"カキクケコサシスセソタチツテトハヒフヘホウ";
constexpr char32_t kHalfVoiceable[] = U"ハヒフヘホ";
constexpr char32_t kSmall[] = U"ァィゥェォッャュョヮヵヶ";
constexpr char32_t kLarge[] = U"アイウエオツヤユヨワカケ";
static_assert(std::size(kSmall) == std::size(kLarge));

constexpr char32_t kHyphens[] =
    U"-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207B\u2212\u2500\u2501"
    U"\uFE58\uFE63\uFF0D";
constexpr char32_t kSpaces[] =
    U" \t\u00A0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F"
    U"\u205F\u3000";
constexpr char32_t kLongVowel = U'ー';

bool IsAmong(const char32_t* set, char32_t c) {
  for (; *set != 0; ++set) {
    if (*set == c) return true;
  }
  return false;
}

bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }

// Takes one character off the front; nullopt for broken UTF-8 (RFC 3629).
std::optional<char32_t> TakeCharacter(absl::string_view& text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  std::size_t length = 1;
  char32_t character = first;
  if (first >= 0x80) {
    if (first < 0xC2 || first > 0xF4) return std::nullopt;
    length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() < length) return std::nullopt;
    character = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<std::uint8_t>(text[i]);
      if ((next & 0xC0U) != 0x80U) return std::nullopt;
      character = (character << 6) | (next & 0x3FU);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (character < kLeast[length] || character > 0x10FFFF ||
        (character >= 0xD800 && character <= 0xDFFF))
      return std::nullopt;
  }
  text.remove_prefix(length);
  return character;
}

bool IsControl(char32_t c) {
  return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x2028 ||
         c == 0x2029;
}

bool HasNoWidth(char32_t c) {
  return (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF ||
         (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

// The character for one character, but for marks and what takes several.
char32_t FoldOne(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E && c != 0xFF0D) c -= 0xFEE0;
  if (c >= 'A' && c <= 'Z') return c + 0x20;
  if (c < 0x80) return c == '\t' ? U' ' : c;
  if (IsAmong(kSpaces, c)) return U' ';
  if (IsAmong(kHyphens, c)) return U'-';
  if (c >= kFirstHalfWidth && c <= kLastHalfWidth)
    return kHalfWidth[c - kFirstHalfWidth];
  if (c >= 0x3041 && c <= 0x3096) c += 0x60;  // hiragana
  for (std::size_t i = 0; kSmall[i] != 0; ++i) {
    if (c == kSmall[i]) return kLarge[i];
  }
  const Variant* const found = std::lower_bound(
      std::begin(kVariants), std::end(kVariants), c,
      [](const Variant& v, char32_t wanted) { return v.written < wanted; });
  return found != std::end(kVariants) && found->written == c ? found->common
                                                             : c;
}

// The kana with the mark, or 0 where it takes none.
char32_t Marked(char32_t kana, bool half) {
  if (half) return IsAmong(kHalfVoiceable, kana) ? kana + 2 : 0;
  if (!IsAmong(kVoiceable, kana)) return 0;
  return kana == U'ウ' ? U'ヴ' : kana + 1;
}

// Builds a folded text character by character.
class Folding {
 public:
  void Take(char32_t c, std::size_t place) {
    if (HasNoWidth(c)) return;
    const bool voiced = c == 0x3099 || c == 0xFF9E || c == 0x309B;
    const bool half = c == 0x309A || c == 0xFF9F || c == 0x309C;
    std::u32string& text = folded_.characters;
    if ((voiced || half) && !text.empty()) {
      if (const char32_t marked = Marked(text.back(), half); marked != 0) {
        text.back() = marked;
        return;
      }
    }
    if (c >= 0x2460 && c <= 0x2473) {  // circled 1 to 20
      const char32_t number = c - 0x2460 + 1;
      if (number >= 10) Add(U'0' + number / 10, place);
      Add(U'0' + number % 10, place);
      return;
    }
    for (const Spelling& spelling : kSpellings) {
      if (spelling.written != c) continue;
      for (const char32_t* meant = spelling.meant; *meant != 0; ++meant)
        Add(*meant, place);
      return;
    }
    c = FoldOne(c);
    if (c == kLongVowel && !text.empty() && IsDigit(text.back())) c = U'-';
    if (c == U' ' && !text.empty() && text.back() == U' ') return;
    Add(c, place);
  }

  FoldedText Finish(std::size_t size) {
    folded_.origin.push_back(size);
    return std::move(folded_);
  }

 private:
  void Add(char32_t c, std::size_t place) {
    folded_.characters.push_back(c);
    folded_.origin.push_back(place);
  }

  FoldedText folded_;
};

}  // namespace

std::optional<FoldedText> Fold(absl::string_view written) {
  Folding folding;
  absl::string_view left = written;
  while (!left.empty()) {
    const std::size_t place = written.size() - left.size();
    const std::optional<char32_t> c = TakeCharacter(left);
    if (!c.has_value() || IsControl(*c)) return std::nullopt;
    folding.Take(*c, place);
  }
  return folding.Finish(written.size());
}

void AppendUtf8(char32_t c, std::string& text) {
  if (c < 0x80) {
    text.push_back(static_cast<char>(c));
    return;
  }
  if (c < 0x800) {
    text.push_back(static_cast<char>(0xC0U | (c >> 6)));
  } else if (c < 0x10000) {
    text.push_back(static_cast<char>(0xE0U | (c >> 12)));
    text.push_back(static_cast<char>(0x80U | ((c >> 6) & 0x3FU)));
  } else {
    text.push_back(static_cast<char>(0xF0U | (c >> 18)));
    text.push_back(static_cast<char>(0x80U | ((c >> 12) & 0x3FU)));
    text.push_back(static_cast<char>(0x80U | ((c >> 6) & 0x3FU)));
  }
  text.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
}

std::optional<std::string> FoldedKey(absl::string_view written) {
  const std::optional<FoldedText> folded = Fold(written);
  if (!folded.has_value()) return std::nullopt;
  std::string key;
  for (const char32_t c : folded->characters) {
    if (c != U' ') AppendUtf8(c, key);
  }
  return key;
}

}  // namespace psm
